// kith userkey: further Gigya secrets of a site, one for each of its servers, which can be taken away one by one.

import { createPublicKey, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { print, readArgs, takeWords, UsageError } from './usage.ts'
import { siteNamed, withStore } from './with-store.ts'

/** `kith userkey add|list|revoke`. */
export async function userkey([verb, ...args]: readonly string[]): Promise<void> {
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!run) throw new UsageError('After "userkey" comes add, list or revoke.')
  await run(args)
}

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = { add, list, revoke }

async function add(args: readonly string[]): Promise<void> {
  const { positionals, values } = readArgs(args, { 'public-key': { type: 'string' } })
  const { subdomain } = takeWords(positionals, ['subdomain'])
  const file = values['public-key']
  const publicKey = file === undefined ? undefined : readPublicKey(file)
  const secret = publicKey === undefined ? randomBytes(32).toString('base64') : undefined
  await withStore(async (store) => {
    const site = await siteNamed(store, subdomain)
    const key = randomBytes(9).toString('base64url').replaceAll('-', 'A').replaceAll('_', 'B')
    await store.access.addUserKey(site, { key, secret, publicKey })
    print({ apiKey: site.apiKey, userKey: key, secret })
    process.stderr.write(
      secret === undefined
        ? 'Its server signs tokens (RS256) that name the userKey as kid.\n'
        : 'Keep the secret: it cannot be shown again.\n',
    )
  })
}

async function list(args: readonly string[]): Promise<void> {
  const { subdomain } = takeWords(readArgs(args, {}).positionals, ['subdomain'])
  await withStore(async (store) => {
    const keys = await store.access.userKeys(await siteNamed(store, subdomain))
    print(
      keys.map(({ key, publicKey, createdAt }) => ({
        userKey: key,
        has: publicKey === undefined ? 'secret' : 'public key',
        createdAt: new Date(createdAt),
      })),
    )
  })
}

async function revoke(args: readonly string[]): Promise<void> {
  const words = takeWords(readArgs(args, {}).positionals, ['subdomain', 'userKey'])
  await withStore(async (store) => {
    const site = await siteNamed(store, words.subdomain)
    if (!(await store.access.revokeUserKey(site, words.userKey))) {
      throw new UsageError(`"${site.name}" has no user key "${words.userKey}".`)
    }
    process.stderr.write(`The user key is revoked.\n`)
  })
}

const BITS_MIN = 2_048

/** The public key of a file, as PEM; UsageError when there is none, or not one for RS256. */
function readPublicKey(file: string): string {
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch {
    throw new UsageError(`The file ${file} cannot be read.`)
  }
  // From a private key a public one can be made; but then it would have left its owner.
  if (pem.includes('PRIVATE KEY')) throw new UsageError(`${file} holds a private key: give the public one.`)
  const key = parsePublicKey(pem, file)
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < BITS_MIN) {
    throw new UsageError(`${file} must hold an RSA key of ${BITS_MIN} bits or more.`)
  }
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function parsePublicKey(pem: string, file: string) {
  try {
    return createPublicKey(pem)
  } catch {
    throw new UsageError(`${file} is no public key in PEM.`)
  }
}
