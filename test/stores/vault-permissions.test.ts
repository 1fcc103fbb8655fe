import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import { loadFingerprints } from '../../src/stores/fingerprint-key.ts'
import { canary } from '../support/canary.ts'
import { seededRandom } from '../support/random.ts'
import { FINGERPRINTS, failure, openAt, vaultServer } from './vault-fixture.ts'

const page = readFileSync(path.join(import.meta.dirname, '../../docs/stores-vault.md'), 'utf8')
const [machine = '', reader = ''] = [...page.matchAll(/```hcl\n([\s\S]*?)```/g)].map(([, policy]) => policy)
if (!machine || !reader) throw new Error('docs/stores-vault.md has no policies')

const ID = 'kt_8f3k2m9q'
const PATH = 'demo/production/openai'
const box = (value: string) => new Sensitive({ value })

/** All that rotations do. */
async function rotate(policy: string) {
  const server = await vaultServer()
  await server.ask('POST', `secret/data/${PATH}`, { data: { theirs: 'x' } })
  const store = await openAt(server.address, server.tokens.make({ policy }), { inventoryId: ID, paths: [PATH], name: 'main' })
  await store.ready()
  await loadFingerprints(store, ID, seededRandom('permissions'))
  const [first, second] = [canary(), canary()]
  for (const [n, value] of [first, second].entries()) {
    const token = `${ID}.openai.${n}`
    await store.put(PATH, { token, fields: box(value), handle: null })
    await store.put(PATH, { token, fields: box(value), handle: null })
    await store.promote(PATH, token, n === 0 ? null : FINGERPRINTS.of(box(first)))
  }
  await store.drop(PATH, `${ID}.openai.0`)
  expect(await store.versions(PATH)).toHaveLength(1)
  await store.withdraw(PATH, ['value'])
  expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ theirs: 'x' })
}

describe('the policy of docs/stores-vault.md', () => {
  it('is enough for everything that rotations do', async () => {
    await rotate(machine)
  })

  const lines = [...machine.matchAll(/path "([^"]+)" \{\s*capabilities = \[([^\]]*)\]/g)].flatMap(([whole, at = '', list = '']) =>
    [...list.matchAll(/"([a-z]+)"/g)].map(([, capability = '']) => ({ whole, at, capability })),
  )
  it.each(lines.filter(({ at, capability }) => capability !== 'patch' && (at.includes('/data/') || ['list', 'delete'].includes(capability))))(
    'needs $capability on $at: without it, ready says so',
    async ({ whole, at, capability }) => {
      const less = machine.replace(whole, whole.replace(new RegExp(`"${capability}",? ?`), ''))
      const error = await failure(rotate(less))
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
      expect(error.message).toContain('looking at the token’s rights: ')
      expect(error.message).toContain(`"${capability}" on ${at.replace('*', '')}`)
      expect(error.hint).toContain('docs/stores-vault.md')
    },
  )

  it('needs no patch, and no right to note whose a document is', async () => {
    await rotate(machine.replaceAll(', "patch"', '').replace('"create", "update", "list"', '"list"'))
    await rotate(machine.replaceAll(', "patch"', '').replace(/path "secret\/metadata\/demo[^}]*\}/, ''))
  })

  it('says at the write what is missing, to a token without the default policy', async () => {
    const server = await vaultServer()
    const token = server.tokens.make({
      policy: `path "sys/internal/ui/mounts/*" { capabilities = ["read"] }\npath "auth/token/lookup-self" { capabilities = ["read"] }\n${reader}`,
      bare: true,
    })
    const store = await openAt(server.address, token, { inventoryId: ID, paths: [PATH] })
    await store.ready()
    const error = await failure(store.put(PATH, { token: `${ID}.openai.1`, fields: box(canary()), handle: null }))
    expect(error.hint).toContain(`"create" on secret/data/.keyturn/${ID}/versions/${PATH}/${ID}.openai.1`)
  })

  it('for readers lets them read what is current, no version of it, and write nothing', async () => {
    const server = await vaultServer()
    const owner = await openAt(server.address, server.tokens.make({ policy: machine }), { inventoryId: ID })
    await owner.putCurrent([{ path: PATH, token: `${ID}.openai.1`, fields: box('canary-current'), handle: null, expect: null }])
    const store = await openAt(server.address, server.tokens.make({ policy: reader }), { inventoryId: ID, paths: [PATH] })
    expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ value: 'canary-current' })
    for (const work of [
      () => store.get(PATH, [`${ID}.openai.1`]),
      () => store.versions(PATH),
      () => store.put(PATH, { token: `${ID}.openai.2`, fields: box('canary-x'), handle: null }),
      () => store.withdraw(PATH, ['value']),
      () => store.ready(),
    ]) {
      expect(await failure(work())).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    }
  })
})
