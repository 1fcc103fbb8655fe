import { KeyturnError } from '../../errors.ts'
import { dialectOf } from '../../outputs/dialects/index.ts'
import { mergeEntries } from '../../outputs/merge.ts'
import type { SecretStore } from '../../ports.ts'
import { compareOutput } from '../../rotation/deliver.ts'
import { type Engine, HOST_LEASE_MS } from '../../rotation/engine.ts'
import { expectedOf } from '../../rotation/expected.ts'
import { stateOf } from '../../rotation/open.ts'
import type { Sensitive } from '../../sensitive.ts'
import type { Output } from '../../terms.ts'
import { readOriginal, readSetup, type Setup } from './adopt.ts'

/** One file of this host, and what `eject` makes of it. */
export interface FileLeft {
  readonly output: Output
  /** `current`: the values in the store are written into it. `original`: the text that `init` found. */
  readonly as: 'current' | 'original'
  /** Variables that change. */
  readonly changes: readonly string[]
  /** Variables that somebody edited by hand: they stay as they are. */
  readonly edited: readonly string[]
  /** Only with `original`. */
  readonly original: { readonly text: Sensitive<string>; readonly mode: number } | null
}

/** All that `eject` is going to do, with nothing done. */
export interface LeavePlan {
  readonly files: readonly FileLeft[]
  /** Outputs of other hosts, which stay as they are. */
  readonly elsewhere: readonly string[]
  /** Secrets replaced since `init`: what stands in the original files may be dead. */
  readonly replaced: readonly string[]
  readonly ignores: Setup['ignores']
}

/**
 * Looks at everything that would be left behind.
 *
 * @throws KeyturnError ROTATION_OPEN while a rotation is open: nobody would end it; VALUE_MISSING for `original` where `init` kept
 * none; and what store and ledger throw.
 */
export async function planLeave(engine: Engine, store: SecretStore, original: boolean): Promise<LeavePlan> {
  const inventory = engine.inventory()
  const setup = await readSetup(store)
  const open: string[] = []
  const replaced: string[] = []
  for (const secret of inventory.secrets) {
    const state = await stateOf(engine, secret)
    if (state?.rotation) open.push(secret.name)
    if ((state?.current?.n ?? 1) > 1) replaced.push(secret.name)
  }
  if (open.length > 0) {
    throw new KeyturnError('ROTATION_OPEN', `a rotation is open, and nobody would end it: ${open.join(', ')}`, {
      hint: `let it end, or go back: secrets rollback ${open[0]}`,
    })
  }
  const files: FileLeft[] = []
  for (const output of inventory.outputs.filter((one) => one.host === engine.host)) files.push(await fileLeft(engine, store, output, setup, original))
  return {
    files,
    elsewhere: inventory.outputs.filter((one) => one.host !== engine.host).map((one) => `${one.file} on ${one.host}`),
    replaced,
    ignores: setup?.ignores ?? [],
  }
}

async function fileLeft(engine: Engine, store: SecretStore, output: Output, setup: Setup | null, original: boolean): Promise<FileLeft> {
  const { differences } = await compareOutput(engine, output)
  const of = (...kinds: readonly string[]): readonly string[] => differences.filter((one) => kinds.includes(one.kind)).map((one) => one.name)
  if (!original) return { output, as: 'current', changes: of('add', 'change'), edited: of('hand-edited'), original: null }
  const mode = setup?.originals.find((one) => one.file === output.file)?.mode
  const text = await readOriginal(store, output.file)
  if (text === null || mode === undefined) {
    throw new KeyturnError('VALUE_MISSING', `${output.file}: init kept no copy of it`, { hint: 'without --original the present values are written' })
  }
  return { output, as: 'original', changes: [], edited: of('hand-edited'), original: { text, mode } }
}

/**
 * Writes the files as planned. Nothing is restarted. Repeatable.
 *
 * @throws KeyturnError OUTPUT_LOCKED, OUTPUT_TRACKED, FILE_UNWRITABLE, DISK_FULL, ENV_UNREADABLE, ENV_NOT_REPRESENTABLE.
 */
export async function writeFilesLeft(engine: Engine, files: readonly FileLeft[]): Promise<void> {
  for (const { output, edited, original } of files) {
    const { signal } = engine.lease(engine.clock.now() + HOST_LEASE_MS)
    await engine.files.locked(output.target, signal, async (file) => {
      const text = await file.read()
      if (original !== null) {
        if (text === null || !text.tells((now) => original.text.tells((then) => now === then))) await file.replace(original.text, original.mode)
        return
      }
      const { entries } = await expectedOf(engine, output)
      const merged = mergeEntries(
        text,
        entries.filter((entry) => !edited.includes(entry.name)),
        dialectOf(output.dialect),
      )
      if (merged !== text) await file.replace(merged, output.perm)
      await file.leave?.(output.perm)
    })
  }
}
