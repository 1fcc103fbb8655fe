import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { fingerprinter } from '../../src/fingerprint.ts'
import type { Fingerprinter } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { type Identity, newIdentity } from '../../src/stores/identity.ts'
import { type LocalStore, type LocalStoreOptions, openLocalStore } from '../../src/stores/local/store.ts'
import { manualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-store-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export interface LocalFixture {
  readonly dir: string
  readonly me: Identity
  readonly recovery: Identity
  readonly fingerprints: Fingerprinter
  readonly clock: ReturnType<typeof manualClock>
  open(options?: Partial<LocalStoreOptions>): LocalStore
}

let opened = 0

/** An empty local store's folder, a key for it and one for recovery. */
export async function localFixture(): Promise<LocalFixture> {
  const dir = path.join(temporaryFolder(), 'store')
  const [me, recovery] = [await newIdentity(), await newIdentity()]
  const fingerprints = fingerprinter('ktest', new Sensitive(new Uint8Array(32).fill(7)))
  const clock = manualClock()
  return {
    dir,
    me,
    recovery,
    fingerprints,
    clock,
    open: (options) =>
      openLocalStore({
        dir,
        inventoryId: 'kt_demo',
        identity: async () => [me.identity],
        recipients: [me.recipient, recovery.recipient],
        fingerprints: async () => fingerprints,
        clock,
        random: seededRandom(`${dir} ${opened++}`),
        ...options,
      }),
  }
}
