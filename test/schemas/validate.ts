// Checks a value against a trimmed OpenAPI document or against AT Protocol lexicons.
// A keyword that is not understood throws, so that no part of a schema is silently passed over.

type Schema = Readonly<Record<string, unknown>>

/** What the sandbox says beyond the schema is a violation too, unless `isOpen`. */
export interface Checking {
  readonly isOpen?: boolean
}

/** Every way in which a value breaks a schema of an OpenAPI document, as `path: complaint`; none when it holds. */
export function openApiViolations(
  value: unknown,
  name: string,
  document: { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } },
  checking: Checking = {},
): string[] {
  const { schemas } = document.components
  return check(value, named(schemas, name), name, {
    ...checking,
    resolve: (schema) =>
      typeof schema.$ref === 'string'
        ? named(schemas, schema.$ref.replace('#/components/schemas/', ''))
        : schema,
  })
}

/** The same for a definition of lexicons, named `<nsid>#<definition>`. */
export function lexiconViolations(
  value: unknown,
  name: string,
  { defs }: { readonly defs: Readonly<Record<string, Schema>> },
  checking: Checking = {},
): string[] {
  return check(value, named(defs, name), name, {
    ...checking,
    resolve: (schema) => (schema.type === 'ref' ? named(defs, String(schema.ref)) : schema),
  })
}

interface Rules extends Checking {
  resolve(schema: Schema): Schema
}

const KNOWN = new Set(
  (
    'type properties required items nullable enum pattern format minLength maxLength maxGraphemes minimum maximum ' +
    'additionalProperties'
  ).split(' '),
)

function check(value: unknown, unresolved: Schema, at: string, rules: Rules): string[] {
  const schema = rules.resolve(unresolved)
  const stranger = Object.keys(schema).find((keyword) => !KNOWN.has(keyword))
  if (stranger) throw new Error(`${at}: the keyword ${stranger} is not understood.`)
  if (value === null && schema.nullable === true) return []
  if (schema.type === 'unknown') return []
  if (typeOf(value, schema.type) !== schema.type) return [`${at}: is not of type ${String(schema.type)}`]
  if (Array.isArray(schema.enum) && !schema.enum.includes(value))
    return [`${at}: is not one of the enumerated`]
  if (typeof value === 'string') return checkText(value, schema, at)
  if (typeof value === 'number') return checkNumber(value, schema, at)
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => check(item, objectIn(schema, 'items'), `${at}/${index}`, rules))
  }
  return typeof value === 'object' && value !== null ? checkObject({ ...value }, schema, at, rules) : []
}

function checkObject(value: Schema, schema: Schema, at: string, rules: Rules): string[] {
  const properties = objectIn(schema, 'properties')
  const required = Array.isArray(schema.required) ? schema.required : []
  const missing = required
    .filter((name) => value[String(name)] === undefined)
    .map((name) => `${at}: lacks ${name}`)
  const wrong = Object.entries(value).flatMap(([name, one]) => {
    if (name in properties) return check(one, objectIn(properties, name), `${at}/${name}`, rules)
    return rules.isOpen ? [] : [`${at}: ${name} is not documented`]
  })
  return [...missing, ...wrong]
}

const graphemes = new Intl.Segmenter()

function checkText(value: string, schema: Schema, at: string): string[] {
  const bytes = Buffer.byteLength(value)
  const flaws = [
    numberIn(schema, 'minLength', (bound) => value.length < bound) && 'is too short',
    numberIn(schema, 'maxLength', (bound) => bytes > bound) && 'is too long',
    numberIn(schema, 'maxGraphemes', (bound) => [...graphemes.segment(value)].length > bound) &&
      'has too many graphemes',
    typeof schema.pattern === 'string' &&
      !new RegExp(schema.pattern, 'u').test(value) &&
      'breaks the pattern',
    !isFormatted(value, schema.format) && `is no ${String(schema.format)}`,
  ]
  return flaws.filter((flaw) => typeof flaw === 'string').map((flaw) => `${at}: ${flaw}`)
}

function checkNumber(value: number, schema: Schema, at: string): string[] {
  const isIn = schema.format === 'int32' ? Math.abs(value) < 2 ** 31 : Number.isSafeInteger(value)
  const flaws = [
    numberIn(schema, 'minimum', (bound) => value < bound) && 'is too small',
    numberIn(schema, 'maximum', (bound) => value > bound) && 'is too great',
    !isIn && 'is out of its format',
  ]
  return flaws.filter((flaw) => typeof flaw === 'string').map((flaw) => `${at}: ${flaw}`)
}

/** https://atproto.com/specs/lexicon#string-formats and the formats of OpenAPI that the documents use. */
function isFormatted(value: string, format: unknown): boolean {
  switch (format) {
    case undefined:
      return true
    case 'uri':
      return URL.canParse(value)
    case 'email':
      return /^[^@\s]+@[^@\s]+$/.test(value)
    case 'date-time':
    case 'datetime':
      return (
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
        !Number.isNaN(Date.parse(value))
      )
    case 'did':
      return (
        /^did:[a-z]+:[\w.:%-]*[\w.-]$/.test(value) &&
        (!value.startsWith('did:plc:') || /^did:plc:[a-z2-7]{24}$/.test(value))
      )
    case 'handle':
      return (
        value.length <= 253 &&
        /^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(
          value,
        )
      )
    default:
      throw new Error(`The format ${String(format)} is not understood.`)
  }
}

function typeOf(value: unknown, wanted: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) && wanted !== 'number' ? 'integer' : 'number'
  return value === null ? 'null' : typeof value
}

function numberIn(schema: Schema, name: string, isBroken: (bound: number) => boolean): boolean {
  const bound = schema[name]
  return typeof bound === 'number' && isBroken(bound)
}

function objectIn(schema: Schema, name: string): Schema {
  const value = schema[name]
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function named(schemas: Readonly<Record<string, Schema>>, name: string): Schema {
  const schema = schemas[name]
  if (!schema) throw new Error(`There is no schema ${name}.`)
  return schema
}
