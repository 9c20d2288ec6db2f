// The pretend networks in a process of their own: says its address, then takes as long for each request as the account
// is called (`name~<ms>`).

import { openPostOffices } from '../test/support/post-offices.ts'

const offices = await openPostOffices()
offices.conduct = ({ account }) => ({ delayMs: Number(account.split('~')[1] ?? 0) })
// What was asked is of no interest here, and would only grow.
setInterval(() => {
  offices.asked.length = 0
  offices.posts.length = 0
}, 1_000)
// Its input ends with whoever started it.
process.stdin.on('end', () => process.exit(0)).resume()
process.stdout.write(`${offices.url}\n`)
