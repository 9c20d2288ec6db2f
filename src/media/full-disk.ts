// A disk that is full is a bound of ours, and no fault of the picture.

import { GatewayError } from '../core/errors.ts'

const CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT']
// As libc spells them: what writes pictures says no more than this.
const WORDS = /No space left on device|Disk quota exceeded/

/** What is said of it. */
export const FULL_DISK = 'The disk of pictures and videos is full.'

/** Whether something could not be written since the disk is full, or our share of it. */
export function isFullDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && CODES.includes(error.code)) || WORDS.test(error.message)
}

/** When it may be tried again: whoever runs this has been told. */
export const FULL_DISK_SECONDS = 300

/** `overloaded` where the disk is full, else the same error. */
export function fullDiskOr(error: unknown): unknown {
  if (error instanceof GatewayError || !isFullDisk(error)) return error
  return new GatewayError('overloaded', FULL_DISK, { retryAfterSeconds: FULL_DISK_SECONDS, cause: error })
}
