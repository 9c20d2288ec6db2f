// A process that publishes until it is killed: takes up what was left behind, and accepts messages without end. Started
// by kill.ts with one argument of JSON; says on standard output what it has accepted, one line of JSON each.

import { setTimeout as sleep } from 'node:timers/promises'
import { resumePublishing } from '../../src/core/deliveries.ts'
import { publishMessage } from '../../src/core/sharing.ts'
import { openKeys } from '../../src/store/keys.ts'
import { openStore } from '../../src/store/open.ts'
import { openPublishingGateway } from './publishing.ts'

export interface PublisherOrder {
  readonly database: string
  readonly keys: string
  /** Address of the sandbox. */
  readonly sandbox: string
  readonly site: number
  /** Tokens of users that have an identity on each of the providers. */
  readonly users: readonly string[]
  readonly providers: readonly string[]
  /** Of this process, for texts that are its own. */
  readonly name: string
  /** Pause between two messages; none are accepted without one. */
  readonly everyMs?: number
  readonly leaseMs: number
  readonly settleMs: number
  readonly requestMs: number
}

/** One message that the process has accepted. */
export interface AcceptedLine {
  readonly token: string
  readonly text: string
}

const order: PublisherOrder = JSON.parse(process.argv[2] ?? '{}')
const { leaseMs, settleMs, users, providers, name, everyMs } = order
const store = await openStore(order.database, { keys: openKeys({ text: order.keys }) })
const { gateway } = openPublishingGateway(store, '', {
  sandbox: order.sandbox,
  bounds: { leaseMs, settleMs },
  network: { requestDeadlineMs: order.requestMs, limitFallbackMs: 100 },
})
// Its input ends with whoever started it.
process.stdin.on('end', () => process.exit(0)).resume()
process.stdout.write('"ready"\n')
void resumeForever()
for (let count = 0; everyMs !== undefined; count += 1) {
  void accept(count)
  await sleep(everyMs)
}

async function accept(count: number): Promise<void> {
  const text = `${name} says ${count}`
  const user = users[Math.floor(Math.random() * users.length)] ?? ''
  const message = { text, media: [] }
  const { token } = await publishMessage(
    gateway,
    { id: order.site },
    { message, target: { user, providers }, deadlineMs: 0 },
  )
  const line: AcceptedLine = { token, text }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

async function resumeForever(): Promise<never> {
  for (;;) {
    await resumePublishing(gateway)
    await sleep(50)
  }
}
