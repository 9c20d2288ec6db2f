import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDoorkeeper } from '../src/dialects/access.ts'
import { createNative } from '../src/dialects/native/native.ts'

const text = readFileSync(join(import.meta.dirname, '..', 'docs', 'api.md'), 'utf8')
const told = [...text.matchAll(/^### ([A-Z]+) `([^`?]+)`$/gm)].map(([, method, path]) => `${method} ${path}`)

test('docs/api.md has every route of the native API, and no other', () => {
  const { routes } = createNative({ doorkeeper: createDoorkeeper({}, Date.now) })
  const known = routes.flatMap(({ method, path }) =>
    [method].flat().map((each) => `${each} ${path.replaceAll(/:(\w+)/g, '<$1>')}`),
  )
  assert.deepEqual(told.toSorted(), known.toSorted())
})
