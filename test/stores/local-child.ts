import { fingerprinter } from '../../src/fingerprint.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { readIdentities } from '../../src/stores/identity.ts'
import { type LocalStore, openLocalStore } from '../../src/stores/local/store.ts'

/** A process of its own that does one thing with a store: `node local-child.ts JSON`. No value is in the JSON. */
export interface ChildTask {
  readonly dir: string
  readonly identityFile: string
  readonly recipients: readonly string[]
  readonly op: 'put' | 'promote' | 'putCurrent' | 'withdraw' | 'drop' | 'reencrypt' | 'ready' | 'count'
  readonly path: string
  readonly token: string
  /** `KEYTURN_TEST_VALUE`'s fingerprint or null. */
  readonly expect: string | null
  readonly newRecipients: readonly string[]
  /** Kill this process at the n-th fault point; 0: never. */
  readonly killAt: number
  readonly times: number
}

/** The key of the fingerprints in tests of several processes. */
export const FINGERPRINTS = fingerprinter('ktest', new Sensitive(new Uint8Array(32).fill(7)))

if (process.argv[1] === import.meta.filename) {
  const task = JSON.parse(process.argv[2] ?? '') as ChildTask
  let passed = 0
  const store = openLocalStore({
    dir: task.dir,
    inventoryId: 'kt_demo',
    identity: () => readIdentities({ file: task.identityFile }),
    recipients: task.recipients,
    fingerprints: async () => FINGERPRINTS,
    clock: { now: () => 1_800_000_000_000 },
    random: { bytes: (n) => crypto.getRandomValues(new Uint8Array(n)) },
    fault: () => {
      if (++passed === task.killAt) process.kill(process.pid, 'SIGKILL')
    },
  })
  try {
    await perform(store, task)
  } catch (error) {
    process.stderr.write(JSON.stringify({ code: (error as { code?: string }).code, message: String((error as Error).message) }))
    process.exitCode = 1
  }
}

async function perform(store: LocalStore, { op, path, token, expect, newRecipients, times }: ChildTask): Promise<void> {
  const value = process.env.KEYTURN_TEST_VALUE ?? ''
  if (op === 'put') await store.put(path, { token, fields: new Sensitive({ value }), handle: null })
  if (op === 'promote') await store.promote(path, token, expect)
  if (op === 'putCurrent') {
    const version = { token, fields: new Sensitive({ value }), handle: null }
    await store.putCurrent([
      { ...version, path, expect },
      { ...version, path: `${path}-2`, expect: null },
    ])
  }
  if (op === 'withdraw') await store.withdraw(path, ['value'])
  if (op === 'drop') await store.drop(path, token)
  if (op === 'reencrypt') await store.reencrypt(newRecipients)
  if (op === 'ready') await store.ready()
  if (op === 'count') {
    for (let n = 0; n < times; n++) {
      const name = `${token}.${n}`
      await store.put(path, { token: name, fields: new Sensitive({ [name]: value }), handle: null })
      await store.promote(path, name, null)
    }
  }
}
