import { describe, expect, test } from 'vitest'
import { fingerprinter } from '../../../src/fingerprint.ts'
import { importSecrets, keepOriginals, readOriginal, readSetup } from '../../../src/inventory/import/adopt.ts'
import { resolveInventory } from '../../../src/inventory/resolve.ts'
import { openSqliteLedger } from '../../../src/ledger/sqlite.ts'
import { recordFacts } from '../../../src/policy/facts.ts'
import { judgeQuickly } from '../../../src/policy/strength.ts'
import type { Engine } from '../../../src/rotation/engine.ts'
import { fold } from '../../../src/rotation/fold.ts'
import { stateOf } from '../../../src/rotation/open.ts'
import { Sensitive } from '../../../src/sensitive.ts'
import { canary } from '../../support/canary.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { seededRandom } from '../../support/random.ts'
import { proposalOf, WRITTEN_AT } from './env.ts'

const NOW = WRITTEN_AT + 12 * 86_400_000
const clock = { now: () => NOW }
const never = new AbortController().signal

/** As much of an engine as an import needs: a store and a ledger in memory. */
async function engineFor(secrets: Readonly<Record<string, string>>): Promise<Engine> {
  const fingerprints = fingerprinter('k1', new Sensitive(new Uint8Array(32).fill(7)))
  const raw = { id: 'kt_abcdefgh', secrets, outputs: ['.env'] }
  const inventory = resolveInventory(raw, { file: '/p/secrets.yaml', dir: '/p', hash: '0'.repeat(64), host: 'h', environment: undefined })
  const store = memoryStore({ clock, fingerprints })
  const actor = { uid: 1, user: 'u', host: 'h' }
  const ledger = await openSqliteLedger({
    file: ':memory:',
    fold,
    clock,
    actor,
    tool: '0',
    inventoryHash: inventory.hash,
    inventoryId: inventory.id,
    readOnly: false,
  })
  const engine: Partial<Engine> = {
    inventory: () => inventory,
    ledger,
    store: async () => store,
    fingerprints: async () => fingerprints,
    facts: (fields, env, by) => recordFacts(fields, { env, fingerprints: by, judge: judgeQuickly }),
    clock,
    random: seededRandom(1),
  }
  return engine as Engine
}

describe('the first import', () => {
  test('makes each value the current version, with the age that its file proves', async () => {
    const engine = await engineFor({ openai: 'OPENAI_API_KEY', deepgram: 'DEEPGRAM_API_KEY' })
    const value = canary()
    const { secrets } = proposalOf(`OPENAI_API_KEY=${value}\nDEEPGRAM_API_KEY=\n`)
    expect(await importSecrets(engine, secrets, never)).toBe(1)
    const [openai, deepgram] = engine.inventory().secrets
    if (!openai || !deepgram) throw new Error('not declared')
    expect(await stateOf(engine, deepgram)).toBeNull()
    const state = await stateOf(engine, openai)
    expect(state?.current).toMatchObject({ n: 1, bornAt: WRITTEN_AT, source: 'file', firstSeenAt: NOW })
    expect(JSON.stringify(state)).not.toContain(value)
    const document = (await (await engine.store('main')).read([openai.path])).get(openai.path)
    expect(document?.fields.tells((fields) => fields.value === value)).toBe(true)
  })

  test('done again it adds nothing', async () => {
    const engine = await engineFor({ openai: 'OPENAI_API_KEY' })
    const { secrets } = proposalOf(`OPENAI_API_KEY=${canary()}\n`)
    await importSecrets(engine, secrets, never)
    await importSecrets(engine, secrets, never)
    const [openai] = engine.inventory().secrets
    expect(openai && (await stateOf(engine, openai))?.seq).toBe(1)
    expect(openai && (await (await engine.store('main')).versions(openai.path)).length).toBe(1)
  })

  test('stops when the user interrupts', async () => {
    const engine = await engineFor({ openai: 'OPENAI_API_KEY' })
    const { secrets } = proposalOf(`OPENAI_API_KEY=${canary()}\n`)
    await expect(importSecrets(engine, secrets, AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' })
    const [openai] = engine.inventory().secrets
    expect(openai && (await stateOf(engine, openai))).toBeNull()
  })
})

test('the originals are kept byte for byte, wherever they lay, with what was changed beside them', async () => {
  const store = memoryStore({ clock, fingerprints: fingerprinter('k1', new Sensitive(new Uint8Array(32))) })
  const texts = new Map([
    ['.env', `\uFEFFA=${canary()}\r\n# end`],
    ['../other/.env', 'B=2\n'],
    ['sub/x .env', ''],
  ])
  const originals = [...texts].map(([file, text]) => ({ file, text: new Sensitive(text), mode: 0o640 }))
  const ignores = [{ path: '/p/.gitignore', before: null, after: '.env\n', added: ['.env'] }]
  await keepOriginals(originals, ignores, { store, inventoryId: 'kt_abcdefgh', random: seededRandom(1), signal: never })
  for (const [file, text] of texts) expect((await readOriginal(store, file))?.tells((kept) => kept === text)).toBe(true)
  expect(await readOriginal(store, 'unknown')).toBeNull()
  expect(await readSetup(store)).toEqual({ v: 1, ignores, originals: originals.map(({ file, mode }) => ({ file, mode })) })
})
