// A site's keys as HTTP Basic credentials: https://www.rfc-editor.org/rfc/rfc7617

// Longer than any key of ours; in printable ASCII, so that nothing odd reaches the database.
const PUBLIC_KEY = /^[!-~]{1,128}$/

/** Public and private key of an Authorization header; undefined for any other header. */
export function readBasicKeys(authorization: string): { publicKey: string; privateKey: string } | undefined {
  // One space or more: https://www.rfc-editor.org/rfc/rfc9110#section-11.4
  const encoded = /^basic +(\S+)$/i.exec(authorization.trim())?.[1]
  if (encoded === undefined) return undefined
  const credentials = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = credentials.indexOf(':')
  const publicKey = credentials.slice(0, colon).toLowerCase()
  if (colon < 0 || !PUBLIC_KEY.test(publicKey)) return undefined
  return { publicKey, privateKey: credentials.slice(colon + 1) }
}
