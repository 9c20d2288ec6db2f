import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { providers } from '../src/providers/index.ts'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** Which rooms and packages a room may enter; files directly in src are the roof and may enter all. */
const RULES: Record<string, readonly string[]> = {
  core: ['core', 'zod', 'node:'],
  providers: ['core', 'providers', 'zod'],
  network: ['core', 'network', 'undici', 'jose', 'ipaddr.js', 'node:'],
  media: ['core', 'media', 'lru-cache', 'sharp', 'node:'],
  store: ['core', 'store', 'better-sqlite3', 'pg', 'lru-cache', 'rate-limiter-flexible', 'node:'],
  dialects: ['core', 'dialects', 'hono', 'isbot', 'zod', 'node:'],
  login: ['core', 'login', 'hono', 'zod', 'node:'],
  console: ['core', 'console', 'hono', 'zod', 'node:'],
  moving: ['core', 'moving', 'dialects', 'providers', 'node:'],
  sandbox: ['sandbox', 'hono', 'node:'],
  commands: [
    'core',
    'commands',
    'dialects',
    'moving',
    'roof',
    'providers',
    'server',
    'store',
    'demo',
    'node:',
  ],
  server: ['core', 'server', 'pino', 'prom-client', 'node:'],
  demo: ['core', 'demo', 'roof', 'commands', 'server', 'sandbox', 'zod', 'node:'],
}

const CALL_OF_FETCH = /(?:\b(?:await|return|yield|void|new)\s+|[=(,:?[!&|>]\s*)(?:globalThis\.)?fetch\(/

const files = globSync('src/**/*.ts', { cwd: ROOT }).sort()
const sources = files.map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))

/** All that a source imports: static, for types, for effects only, again exported, or when it runs. */
function importsOf(text: string): string[] {
  const code = withoutComments(text)
  const forms = [
    /^\s*(?:import|export)\s+(?:type\s+)?(?:[\w$]+\s*,?\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?)?\s*from\s*['"]([^'"\n]+)['"]/gm,
    /^\s*import\s*['"]([^'"\n]+)['"]/gm,
    /\bimport\s*\(\s*['"`]([^'"`\n]+)['"`]/g,
    /\bnew URL\(\s*['"`](\.[^'"`\n]+)['"`]\s*,\s*import\.meta\.url/g,
  ]
  return forms.flatMap((form) => [...code.matchAll(form)].map(([, name]) => name ?? ''))
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}

/** `src/store/open.ts` is in the room `store`, `src/main.ts` in `roof`. */
function roomOf(file: string): string {
  const [, room, inner] = file.split('/')
  return inner === undefined ? 'roof' : (room ?? '')
}

function targetOf(file: string, name: string): string {
  if (name.startsWith('node:')) return 'node:'
  if (name.startsWith('.')) return roomOf(relative(ROOT, join(ROOT, dirname(file), name)))
  return name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? '')
}

test('every room enters only the rooms and packages that it may', () => {
  const strangers = sources.flatMap(({ file, text }) => {
    const room = roomOf(file)
    if (room === 'roof') return []
    const allowed = RULES[room]
    if (!allowed) return [`${file}: there is no room "${room}"`]
    return importsOf(text)
      .filter((name) => !allowed.includes(targetOf(file, name)))
      .map((name) => `${file} → ${name}`)
  })
  assert.deepEqual(strangers, [])
})

test('the walls see imports of every form', () => {
  const text = `
    import { a } from 'one'
    import type { B } from "two/inner"
    import 'three'
    import c, {
      d,
    } from './four.ts'
    export * from 'five'
    export type { E } from 'six'
    const f = await import('seven')
    type G = import('eight').G
    // import 'nine'
    /* import 'ten' */
    new Worker(new URL('./eleven.ts', import.meta.url))
  `
  const found = importsOf(text).sort()
  const expected = ['one', 'two/inner', 'three', './four.ts', 'five', 'six', 'seven', 'eight', './eleven.ts']
  assert.deepEqual(found, expected.sort())
  assert.equal(targetOf('src/core/a.ts', '../store/open.ts'), 'store')
  assert.equal(targetOf('src/core/a.ts', '../main.ts'), 'roof')
  assert.equal(targetOf('src/core/a.ts', '@hono/node-server/x'), '@hono/node-server')
})

test('no provider is named outside its own file', () => {
  const names = new RegExp(`['"\`](${providers.map(({ id }) => id).join('|')})['"\`]`)
  const elsewhere = sources.filter(({ file }) => !/^src\/(providers|sandbox|demo)\//.test(file))
  assert.ok(elsewhere.length > 0)
  const named = elsewhere.filter(({ text }) => names.test(withoutComments(text))).map(({ file }) => file)
  assert.deepEqual(named, [])
})

test('the environment is read in one file', () => {
  const readers = sources.filter(({ text }) => /process\.env\b(?!\.\w+ = )/.test(withoutComments(text)))
  assert.deepEqual(
    readers.map(({ file }) => file),
    ['src/config.ts'],
  )
})

test('nobody but the network room fetches', () => {
  const callers = sources.filter(
    ({ file, text }) => !/^src\/(network|demo)\//.test(file) && CALL_OF_FETCH.test(withoutComments(text)),
  )
  assert.deepEqual(
    callers.map(({ file }) => file),
    [],
  )
})

test('files beside a source are found once it is plain JavaScript too', () => {
  const named = /new URL\((['"`])\.[^'"`]*\.ts\1, import\.meta\.url\)/
  assert.ok(named.test("new URL('./thread.ts', import.meta.url)"))
  assert.deepEqual(
    sources.filter(({ file, text }) => file.startsWith('src/') && named.test(text)),
    [],
  )
})

test('no source is longer than 300 lines', () => {
  const long = sources.filter(({ text }) => text.split('\n').length > 301).map(({ file }) => file)
  assert.deepEqual(long, [])
})

test('no file has a name that says nothing', () => {
  const banned = /(^|\/)(utils?|helpers?|common|types|constants|misc)\.ts$/
  const barrels = /(^|\/)index\.ts$/
  const allowed = 'src/providers/index.ts'
  const named = files.filter((file) => banned.test(file) || (barrels.test(file) && file !== allowed))
  assert.deepEqual(named, [])
  const spelled = files.filter(
    (file) => !/^(src|[a-z0-9]+(-[a-z0-9]+)*)(\/[a-z0-9]+(-[a-z0-9]+)*)*(\.d)?\.ts$/.test(file),
  )
  assert.deepEqual(spelled, [])
})

test('sources silence no error and leave no work over', () => {
  const marks = /@ts-ignore|@ts-expect-error|@ts-nocheck|\b(TODO|FIXME|XXX|HACK)\b/
  const marked = sources.filter(({ text }) => marks.test(text)).map(({ file }) => file)
  assert.deepEqual(marked, [])
})

test('every file that the documents name is there', () => {
  const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT, exclude: ['node_modules/**'] })
  assert.ok(pages.includes('README.md'))
  const dead = pages.flatMap((page) => {
    const links = readFileSync(join(ROOT, page), 'utf8').matchAll(
      /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g,
    )
    return [...links]
      .map(([, link]) => link ?? '')
      .filter((link) => !existsSync(join(ROOT, dirname(page), link)))
      .map((link) => `${page} → ${link}`)
  })
  assert.deepEqual(dead, [])
})
