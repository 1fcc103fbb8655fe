import { isKeyturnError, type KeyturnError } from '../../errors.ts'
import type { SecretStore } from '../../ports.ts'
import { hostState } from '../../rotation/deliver.ts'
import { type Engine, HOST_LEASE_MS } from '../../rotation/engine.ts'
import { mergedNow } from '../../rotation/expected.ts'
import { readOriginal } from './adopt.ts'

/** An output of this host that was not there. */
export interface PutBack {
  readonly file: string
  /** `init` kept no copy of it: nothing was written. */
  readonly kept: boolean
  /** Why it could not be written. */
  readonly problem: KeyturnError | null
  /** What a person should know about how it was written. */
  readonly notes: readonly string[]
}

/**
 * Where no file stands at the place of an output, writes the one that `init` found there, with the values of now: its settings
 * and comments are in no other place. For its owner alone (0600). Repeatable; a file that is there is not touched. Nothing is
 * recorded: `sync` looks at it like at any file that was there before.
 */
export async function putOriginalsBack(engine: Engine, store: SecretStore): Promise<readonly PutBack[]> {
  const results: PutBack[] = []
  for (const output of engine.inventory().outputs.filter((one) => one.host === engine.host)) {
    const of = (kept: boolean, problem: KeyturnError | null = null, notes: readonly string[] = []): void => {
      results.push({ file: output.file, kept, problem, notes })
    }
    try {
      const { signal } = engine.lease(engine.clock.now() + HOST_LEASE_MS)
      await engine.files.locked(output.target, signal, async (file) => {
        if ((await file.read()) !== null) return
        const original = await readOriginal(store, output.file)
        if (original === null) return of(false)
        // Nobody edited it: a value in it that no version is known of any more is an old one.
        const names = Object.keys((await mergedNow(engine, await hostState(engine), output, null)).vars)
        const { merged } = await mergedNow(engine, await hostState(engine), output, original, names)
        await file.replace(merged, 0o600)
        of(true, null, file.notes)
      })
    } catch (error) {
      if (!isKeyturnError(error) || error.code === 'INTERRUPTED') throw error
      of(true, error)
    }
  }
  return results
}
