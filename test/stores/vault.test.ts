import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'
import { describeSecretStore } from '../contract/store.ts'
import { startVault } from '../servers/vault/server.ts'
import { FINGERPRINTS, openAt } from './vault-fixture.ts'

/**
 * The contract, on the stand-in; on a real Vault or OpenBao where VAULT_ADDR and VAULT_TOKEN name one. Its token must be allowed to mount:
 * everything happens in mounts of its own, which are taken away at the end.
 */
const real = process.env.VAULT_ADDR && process.env.VAULT_TOKEN ? { address: process.env.VAULT_ADDR, token: process.env.VAULT_TOKEN } : null
const server = real ? null : await startVault()
const { address, token } = real ?? { address: server?.address ?? '', token: server?.rootToken ?? '' }
const mount = `keyturn-test-${randomBytes(6).toString('hex')}`
let made = 0

const administer = async (method: string, path: string, body?: object) => {
  const headers = { 'x-vault-token': token, 'content-type': 'application/json' }
  const reply = await fetch(`${address}/v1/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status}`)
}

afterAll(async () => {
  for (let n = 1; n <= made; n++) await administer('DELETE', `sys/mounts/${mount}-${n}`)
  await server?.close()
})

describeSecretStore(real ? 'a Vault' : 'the Vault store', async () => {
  made += 1
  // A mount that a real server has just made is not ready at once.
  const options = { params: { mount: `${mount}-${made}`, plaintext: true }, ...(real && { pause: (ms: number) => sleep(ms) }) }
  await administer('POST', `sys/mounts/${options.params.mount}`, { type: 'kv', options: { version: '2' } })
  const [store, ...others] = [await openAt(address, token, options), await openAt(address, token, options), await openAt(address, token, options)] as const
  let next = 0
  return { store, another: () => others[next++ % 2] ?? store, fingerprints: FINGERPRINTS }
})
