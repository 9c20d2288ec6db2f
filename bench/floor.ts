// The floor: bare node:http that sends prebuilt answers, chosen by path. `node floor.ts <port> <answers.json>`, where
// the file maps each path to { status, headers, file }; without a status it is 200.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Buffer
}

const [port, answersFile] = process.argv.slice(2)
if (!port || !answersFile) throw new Error('which port, which answers?')
const described: Record<string, { status?: number; headers: Record<string, string>; file: string }> =
  JSON.parse(readFileSync(answersFile, 'utf8'))
const answers = new Map<string, Answer>()
for (const [path, { status = 200, headers, file }] of Object.entries(described)) {
  answers.set(path, { status, headers, body: readFileSync(file) })
}
createServer((request, response) => {
  const answer = answers.get(request.url ?? '')
  if (!answer) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(answer.status, answer.headers)
  response.end(answer.body)
}).listen(Number(port), '127.0.0.1')
