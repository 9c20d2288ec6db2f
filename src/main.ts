// The command line. Whatever a command does not need is not loaded for it.

import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Compiled code is kept where this user may write; elsewhere this does nothing. The database's thread finds the folder
// in the environment: without it, it would load a compiler of its own (35 MB).
const { directory } = enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'kith'))
if (directory) process.env.NODE_COMPILE_CACHE = directory

const { runCommand } = await import('./commands/run-command.ts')
const code = await runCommand(process.argv.slice(2))
process.exitCode = code
// What failed may have left something open that would keep the process.
if (code !== 0) process.exit(code)
