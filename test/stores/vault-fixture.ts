import { inspect } from 'node:util'
import { onTestFinished } from 'vitest'
import { startVault, type VaultOptions, type VaultServer } from '../servers/vault/server.ts'

export { FINGERPRINTS, type OpenWith, openAt } from './vault-open.ts'

/** A stand-in that ends with the test. */
export async function vaultServer(options: VaultOptions = {}): Promise<VaultServer> {
  const server = await startVault(options)
  onTestFinished(() => server.close())
  return server
}

/** The error that this ends with. */
export async function failure(
  work: Promise<unknown>,
): Promise<Error & { readonly code: string; readonly hint: string; readonly retryable: boolean; readonly retryAt?: number }> {
  try {
    await work
  } catch (error) {
    return error as never
  }
  throw new Error('it did not fail')
}

/** All that anybody can print of an error. */
export const shown = (error: unknown): string =>
  [String(error), inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }), JSON.stringify(error), (error as Error).stack].join('\n')
