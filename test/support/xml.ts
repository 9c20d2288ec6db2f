// Whether a text is XML as our writer makes it.

import assert from 'node:assert/strict'

/** Every element that is opened is closed, and nothing stands unescaped. */
export function assertWellFormed(xml: string): void {
  const [declaration, ...rest] = xml.split('\n')
  assert.equal(declaration, '<?xml version="1.0" encoding="UTF-8"?>')
  const open: string[] = []
  const left = rest.join('\n').replaceAll(/<(\/?)([A-Za-z_]\w*)(\/?)>/g, (_tag, closes, name, isEmpty) => {
    if (closes) assert.equal(open.pop(), name)
    else if (!isEmpty) open.push(name)
    return ''
  })
  assert.deepEqual(open, [])
  assert.doesNotMatch(left, /[<>"]|&(?!(amp|lt|gt|quot|#13);)/)
}
