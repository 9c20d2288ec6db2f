// Addresses as Facebook gives them.

/** Facebook writes the caller's token into the address of the next page; ours travels in a header only. */
export function withoutSecrets(address: string): string {
  const url = new URL(address)
  for (const name of ['access_token', 'appsecret_proof']) url.searchParams.delete(name)
  return url.href
}
