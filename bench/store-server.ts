import { createHash, randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { SIGNER, startSecretsManager } from '../test/servers/aws/server.ts'
import { startVault } from '../test/servers/vault/server.ts'

/**
 * A stand-in in a process of its own, filled: a client that is measured shares no processor time with it.
 * `node bench/store-server.ts KIND PATHS FIELDS`, with a channel to its parent, which is told where it is.
 */

export type ServerKind = 'vault' | 'aws'

export interface ServerPlace {
  readonly address: string
  /** The environment of whoever asks it. */
  readonly env: Readonly<Record<string, string>>
}

export const INVENTORY_ID = 'kt_benchmark'
export const FINGERPRINT_KEY = { id: 'kbench', key: Buffer.alloc(32, 7).toString('base64') }
export const AWS = { region: 'eu-central-1', signer: SIGNER }

export const pathOf = (path: number): string => `bench/production/path-${String(path).padStart(5, '0')}`
export const fieldOf = (field: number): string => `field_${field}`
/** The same in every process, and as long as an API key. */
export const textOf = (path: number, field: number): string => createHash('sha256').update(`canary ${path} ${field}`).digest('base64url')

/** Every document by its place, as both servers name it: the fingerprints' key, then the secrets. */
function* documents(paths: number, fields: number): Generator<readonly [string, object]> {
  yield [`.keyturn/${INVENTORY_ID}/own/fingerprint`, FINGERPRINT_KEY]
  for (let path = 0; path < paths; path++) {
    yield [pathOf(path), Object.fromEntries(Array.from({ length: fields }, (_, field) => [fieldOf(field), textOf(path, field)]))]
  }
}

async function start(kind: ServerKind, paths: number, fields: number): Promise<ServerPlace> {
  if (kind === 'vault') {
    const server = await startVault()
    for (const [place, data] of documents(paths, fields)) await server.ask('POST', `secret/data/${place}`, { data })
    return { address: server.address, env: { VAULT_TOKEN: server.tokens.make({ root: true }) } }
  }
  const server = await startSecretsManager({ clock: { now: Date.now } })
  for (const [name, data] of documents(paths, fields)) server.state.create(name, randomUUID(), { text: JSON.stringify(data) }, null)
  const { accessKeyId, secretAccessKey } = AWS.signer
  return {
    address: server.url,
    env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_EC2_METADATA_DISABLED: 'true' },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , kind, paths, fields] = process.argv
  process.send?.(await start(kind as ServerKind, Number(paths), Number(fields)))
  // Whoever started it has ended.
  process.on('disconnect', () => process.exit())
}
