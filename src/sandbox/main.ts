// `node src/sandbox/main.ts --port 9999`: the pretend networks, for the command line.

import { parseArgs } from 'node:util'
import { openSandbox } from './sandbox.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    accounts: { type: 'string', default: '20000' },
    host: { type: 'string', default: '127.0.0.1' },
  },
})

const sandbox = await openSandbox({
  port: wholeNumber('port', values.port),
  seed: wholeNumber('seed', values.seed),
  accounts: wholeNumber('accounts', values.accounts),
  host: values.host,
})
const { url } = sandbox
const { accessToken, subject } = sandbox.grant('api.x.com', { contacts: 500 })
const github = sandbox.grant('api.github.com', { contacts: 500 })
process.stdout.write(
  [
    `The pretend networks are at ${url}/<real host>/<real path>. Try:`,
    `  curl -H 'Authorization: Bearer ${accessToken}' '${url}/api.x.com/2/users/${subject}/following?max_results=5&user.fields=description'`,
    `  curl -i -H 'Authorization: Bearer ${github.accessToken}' '${url}/api.github.com/user/followers?per_page=2'`,
    `  curl -d '{"host":"mastodon.example","contacts":1000}' ${url}/_control/grant`,
    `  curl -d '{"host":"api.x.com","status":503,"retryAfterSeconds":7}' ${url}/_control/dial`,
    `  curl '${url}/_control/requests?host=api.x.com'`,
    '',
  ].join('\n'),
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => sandbox.close())

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  process.stderr.write(`--${name} must be a whole number.\n`)
  process.exit(2)
}
