// The floor of a call with a body: bare node:http that reads the whole body and sends a prebuilt answer, chosen by the
// number after `random=` in the address. `node graph-floor.ts <port> <folder>`: answers are <folder>/0, 1, …

import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const [port, folder] = process.argv.slice(2)
if (!port || !folder) throw new Error('which port, which answers?')
const answers = readdirSync(folder).map((_, index) => readFileSync(join(folder, String(index))))
const headers = { 'Content-Type': 'application/json' }

createServer((request, response) => {
  const answer = answers[Number(/random=(\d+)/.exec(request.url ?? '')?.[1] ?? 0)]
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    response.writeHead(answer ? 200 : 404, { ...headers, 'Content-Length': answer?.length ?? 0 })
    response.end(answer)
  })
}).listen(Number(port), '127.0.0.1')
