// The certificate of the gateway, read again when its files change: open connections stay as they are.

import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type Server } from 'node:tls'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/gateway.ts'

export interface CertificateFiles {
  /** PEM: the certificate, then those it depends on. */
  readonly cert: string
  readonly key: string
}

export interface Certificate {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Reads a certificate and its key; `invalid_request` saying which file is wrong, or that they do not belong together. */
export function readCertificate({ cert, key }: CertificateFiles): Certificate {
  const certificate = { cert: readPart(cert, 'certificate'), key: readPart(key, 'key') }
  try {
    createSecureContext(certificate)
  } catch (cause) {
    throw new GatewayError('invalid_request', `${cert} and ${key} are not a certificate and its key.`, {
      cause,
    })
  }
  return certificate
}

/** Looks at the files every `everyMs` and gives the server a new pair; a pair that does not fit is left out. */
export function reloadCertificate(
  server: Pick<Server, 'setSecureContext'>,
  files: CertificateFiles,
  { log, everyMs = 5_000 }: { readonly log: Log; readonly everyMs?: number },
): { stop(): void } {
  let seen = stateOf(files)
  const timer = setInterval(() => {
    const now = stateOf(files)
    if (now === seen) return
    seen = now
    try {
      server.setSecureContext(readCertificate(files))
      log.info({ certificate: files.cert }, 'the certificate was read again')
    } catch (error) {
      log.error({ certificate: files.cert, error }, 'the new certificate is not usable; the old one stays')
    }
  }, everyMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

function readPart(file: string, what: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new GatewayError('invalid_request', `The ${what} ${file} cannot be read.`, { cause })
  }
}

/** Changes whenever one of the files does, also when a link is turned to another file, or cannot be looked at any more. */
function stateOf({ cert, key }: CertificateFiles): string {
  return `${stateOfFile(cert)} ${stateOfFile(key)}`
}

function stateOfFile(file: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(file)
    return `${ino}:${mtimeMs}:${size}`
  } catch (error) {
    // Said when it is read, which fails just so.
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  }
}
