import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { makeCertificates } from '../servers/certificates.ts'
import { canary, findCanary, watch } from '../support/canary.ts'
import { temporaryFolder } from './local-fixture.ts'
import type { VaultChildTask } from './vault-child.ts'
import { vaultServer } from './vault-fixture.ts'

const POLICY = `path "secret/data/.keyturn/*" { capabilities = ["create", "read", "update"] }
path "secret/metadata/.keyturn/*" { capabilities = ["list"] }
path "secret/data/demo/*" { capabilities = ["create", "read", "update"] }`

/** What the standard tools print when they are asked to print everything. */
const LOUD = {
  DEBUG: '*',
  NODE_DEBUG: 'http,https,http2,net,tls,stream,timer',
  VAULT_SKIP_VERIFY: 'true',
  NODE_USE_ENV_PROXY: '1',
  HTTPS_PROXY: 'http://127.0.0.1:9',
}

it('prints no value, token, secret id, key or answer, with DEBUG and NODE_DEBUG set and in any error', async () => {
  const certificates = makeCertificates()
  const dir = temporaryFolder()
  writeFileSync(path.join(dir, 'ca.pem'), certificates.ca)
  writeFileSync(path.join(dir, 'cert.pem'), certificates.client.cert)
  writeFileSync(path.join(dir, 'key.pem'), certificates.client.key)
  const server = await vaultServer({ tls: { ...certificates.server, ca: certificates.ca, requestCert: true, rejectUnauthorized: true } })
  const roleId = server.tokens.approle('ci', { policy: POLICY, ttlMs: 3_600_000 })
  const value = canary()
  const secretId = server.tokens.secretId('ci')
  server.intercept = (call) => {
    if (call.path.includes('demo/forbidden')) return { status: 403, body: { errors: [`permission denied ${value}`] } }
    if (call.path.includes('demo/broken')) return { status: 500, body: { errors: [`broken ${value}`] } }
    if (call.path.includes('demo/hanging')) return { status: 200, hang: true }
    return null
  }
  const auth = { kind: 'approle', role_id: roleId, secret_id_env: 'SECRET_ID' }
  const task: VaultChildTask = { address: server.address, dir, params: { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', timeout: '300ms', auth } }
  const printed = await new Promise<string>((resolve) => {
    const args = ['--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, 'vault-child.ts'), JSON.stringify(task)]
    const env = { PATH: process.env.PATH, TEST_VALUE: value, TEST_SECRET_ID: secretId, ...LOUD }
    execFile(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 }, (_, stdout, stderr) => resolve(stdout + stderr))
  })
  // It did all of it, and the tools were loud.
  expect(printed).toContain('done: 3 errors')
  expect(printed).toMatch(/^HTTP \d+:/m)
  expect(printed).toMatch(/^NET \d+:/m)
  watch(certificates.client.key.split('\n')[1] ?? '')
  // Also as Node shows buffers: in hex, with spaces.
  for (const text of [printed, printed.replaceAll(' ', '')]) expect(findCanary(text)).toBeNull()
})
