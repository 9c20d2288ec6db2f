// Writes src as plain JavaScript into dist: below node_modules, Node strips no types.

import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
rmSync(join(root, 'dist'), { recursive: true, force: true })
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
// Scripts for browsers are no TypeScript: they go out as they are.
const scripts = 'dialects/browser/library/script'
cpSync(join(root, 'src', scripts), join(root, 'dist', scripts), { recursive: true })
process.exitCode = status ?? 1
