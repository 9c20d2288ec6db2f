// What failed at one network while others did not, and the answer when all did.

import type { Problem } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Identity } from '../../core/model.ts'
import { GigyaError, MESSAGES, NUMBERS } from './errors.ts'
import { networkName } from './networks.ts'

/** One network that failed. */
export interface NetworkFailure {
  readonly identity: Pick<Identity, 'provider'>
  readonly problem: Problem
}

/** An element of `providerErrorCodes`. */
export interface ProviderError {
  readonly provider: string
  readonly errorCode: number
  readonly errorMessage: string
  readonly errorDetails: string
}

/** The failures for `providerErrorCodes`; undefined when there are none. */
export function toProviderErrors(
  gateway: Pick<Gateway, 'providers'>,
  failures: readonly NetworkFailure[],
): readonly ProviderError[] | undefined {
  if (failures.length === 0) return undefined
  return failures.map(({ identity, problem }) => ({
    provider: networkName(gateway, identity.provider),
    errorCode: NUMBERS[problem.code],
    errorMessage: MESSAGES[NUMBERS[problem.code]],
    errorDetails: problem.message,
  }))
}

/** The failure of the first network as that of the whole call, with all of them in it. */
export function allFailed(
  gateway: Pick<Gateway, 'providers'>,
  failures: readonly NetworkFailure[],
): GigyaError {
  const problem = failures[0]?.problem ?? { code: 'internal', message: 'Every network failed.' }
  const { message, retryAfterSeconds } = problem
  return new GigyaError(NUMBERS[problem.code], message, {
    retryAfterSeconds,
    extra: { providerErrorCodes: toProviderErrors(gateway, failures) },
  })
}
