import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { loadSigningKey, verifySignature } from '../../src/state/signing.ts'
import { seededRandom } from '../support/random.ts'

function keyFile(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-signing-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return path.join(dir, 'config', 'signing.pem')
}

it('a signing key is made once, also by several at once, and its signatures hold', async () => {
  const file = keyFile()
  const keys = await Promise.all([1, 2, 3, 4].map((n) => loadSigningKey({ file, random: seededRandom(n) })))
  expect(new Set(keys.map((key) => key.publicKey)).size).toBe(1)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
  expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  const key = await loadSigningKey({ file, random: seededRandom(9) })
  const signature = key.sign('head 7')
  expect(verifySignature('head 7', signature, key.publicKey)).toBe(true)
  expect(verifySignature('head 8', signature, key.publicKey)).toBe(false)
  const other = await loadSigningKey({ file: keyFile(), random: seededRandom(1) })
  expect(verifySignature('head 7', signature, other.publicKey)).toBe(false)
  for (const bad of ['', 'x', 'AAAA']) expect(verifySignature('head 7', bad, bad)).toBe(false)
})

it('a signing key that others may read, or that is none, is refused', async () => {
  const file = keyFile()
  await loadSigningKey({ file, random: seededRandom(1) })
  chmodSync(file, 0o640)
  await expect(loadSigningKey({ file, random: seededRandom(1) })).rejects.toMatchObject({ code: 'STATE_INSECURE', hint: `chmod 600 ${file}` })
  writeFileSync(file, 'hello')
  chmodSync(file, 0o600)
  await expect(loadSigningKey({ file, random: seededRandom(1) })).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
})
