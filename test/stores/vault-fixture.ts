import { inspect } from 'node:util'
import { onTestFinished } from 'vitest'
import { fingerprinter } from '../../src/fingerprint.ts'
import type { SecretStore } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { openVault, type VaultSeams } from '../../src/stores/vault/open.ts'
import { type VaultParams, vaultParams } from '../../src/stores/vault/params.ts'
import { startVault, type VaultOptions, type VaultServer } from '../servers/vault/server.ts'
import { seededRandom } from '../support/random.ts'

export const FINGERPRINTS = fingerprinter('ktest', new Sensitive(new Uint8Array(32).fill(7)))

export interface OpenWith extends VaultSeams {
  readonly params?: Partial<Record<keyof VaultParams, unknown>>
  readonly env?: Readonly<Record<string, string>>
  readonly dir?: string
  readonly paths?: readonly string[]
  readonly name?: string
  readonly inventoryId?: string
  readonly now?: () => number
}

let opened = 0

/** A store at an address, with a token in the environment where nothing else is said. Waits between tries take no time. */
export function openAt(address: string, token: string, options: OpenWith = {}): Promise<SecretStore> {
  const { params, env = {}, dir = '/nowhere', paths = [], name = 'vault', inventoryId = 'kt_demo', now = Date.now, ...seams } = options
  return openVault(
    {
      ...{ name, inventoryId, dir, paths, env: token === '' ? env : { VAULT_TOKEN: token, ...env } },
      params: vaultParams.parse({ address, timeout: '10s', ...params }),
      ...{ clock: { now }, random: seededRandom(`vault ${opened++}`), fingerprints: async () => FINGERPRINTS },
    },
    { pause: async () => {}, ...seams },
  )
}

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
