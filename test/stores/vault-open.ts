import { fingerprinter } from '../../src/fingerprint.ts'
import type { SecretStore } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { openVault, type VaultSeams } from '../../src/stores/vault/open.ts'
import { type VaultParams, vaultParams } from '../../src/stores/vault/params.ts'
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
