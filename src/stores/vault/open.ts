import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fromFileSystem, KeyturnError } from '../../errors.ts'
import type { SecretStore } from '../../ports.ts'
import { FINGERPRINT_PATH } from '../fingerprint-key.ts'
import type { StoreContext } from '../kind.ts'
import { AT_ONCE, openClient } from './client.ts'
import { loginOf } from './login.ts'
import { problemOfAddress, timeoutMsOf, type VaultAuth, type VaultParams } from './params.ts'
import { openSession } from './session.ts'
import { vaultStore } from './store.ts'
import { openTransport } from './transport.ts'
import { openWire } from './wire.ts'

/** What tests put in the place of the machine's time. */
export interface VaultSeams {
  readonly pause?: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly later?: (ms: number, work: () => void) => void
}

/**
 * A store in a KV mount of a Vault or OpenBao. Reads the files that the settings name; the server is asked with the first call.
 *
 * @throws KeyturnError CONFIG_INVALID for an address that is none; FILE_UNREADABLE.
 */
export async function openVault(context: StoreContext<VaultParams>, seams: VaultSeams = {}): Promise<SecretStore> {
  const { name, params, inventoryId, dir, paths, env, clock, random, fingerprints } = context
  const address = addressOf(context)
  const timeoutMs = timeoutMsOf(params.timeout)
  const pem = async (kind: 'ca' | 'cert' | 'key') => (params[kind] === undefined ? {} : { [kind]: await readText(resolve(dir, params[kind])) })
  const files = Object.assign({}, ...(await Promise.all([pem('ca'), pem('cert'), pem('key')]))) as { ca?: string; cert?: string; key?: string }
  const transport = openSecurely(name, () => openTransport({ address, timeoutMs, connections: AT_ONCE, ...files }))
  const store = `store ${name} (${address.host})`
  const { pause, later } = seams
  const wire = openWire({ store, transport, timeoutMs, namespace: params.namespace ?? null, clock, random, ...(pause && { pause }) })
  const login = loginOf(params.auth, { wire, dir, env })
  const session = openSession({ wire, login, source: sourceOf(params.auth), clock, ...(later && { later }) })
  const looked = name === 'main' ? [FINGERPRINT_PATH, ...paths] : paths
  return vaultStore({ client: openClient(wire, session), mount: params.mount, inventoryId, paths: looked, fingerprints })
}

function addressOf({ name, params, env }: StoreContext<VaultParams>): URL {
  const text = params.address ?? env.VAULT_ADDR?.trim()
  const bad = (why: string, hint: string) => new KeyturnError('CONFIG_INVALID', `stores.${name}: ${why}`, { hint })
  if (!text) throw bad('has no address', 'write "address: https://..." in secrets.yaml, or set VAULT_ADDR')
  const problem = problemOfAddress(text)
  if (problem) throw bad(`VAULT_ADDR ${problem}`, 'set it to the address of the server alone')
  const url = new URL(text)
  if (url.protocol === 'http:' && !params.plaintext && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) {
    throw bad(`http://${url.host} would send token and values unencrypted`, 'use https://, or "plaintext: true" inside of a network that nobody else is in')
  }
  return url
}

const sourceOf = (auth: VaultAuth): string => (auth.kind === 'token' ? (auth.file ?? auth.env ?? 'VAULT_TOKEN') : `the login with ${auth.kind}`)

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw fromFileSystem(error, 'read', file)
  }
}

/** A certificate or key that is none. What the system says of it may quote the file. */
function openSecurely<T>(name: string, open: () => T): T {
  try {
    return open()
  } catch {
    throw new KeyturnError('CONFIG_INVALID', `stores.${name}: ca, cert or key cannot be used`, {
      hint: 'they must be PEM files, and the key must be that of the certificate',
    })
  }
}
