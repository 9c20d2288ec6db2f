#!/usr/bin/env node
// The command `kith`, for whatever Node is there: brings Node 24 where it is older, then runs src/main.ts.

import { run } from '../scripts/run.mjs'

await run(['kith', ...process.argv.slice(2)])
