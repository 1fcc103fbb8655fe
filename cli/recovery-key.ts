import { resolve } from 'node:path'
import type { loadKeyTools } from '../src/app.ts'
import { isKeyturnError } from '../src/errors.ts'
import type { Sensitive } from '../src/sensitive.ts'
import type { CommandContext } from './context.ts'

type KeyTools = Awaited<ReturnType<typeof loadKeyTools>>
export type Identity = Awaited<ReturnType<KeyTools['newIdentity']>>

/** The recovery key of a new project, and what became of it. */
export interface RecoveryKey {
  readonly identity: Identity | null
  readonly how: 'typed' | 'file' | 'skipped'
  /** Absolute; where it is to be written. */
  readonly file: string | null
}

/** How often the end of the key may be mistyped. */
const ATTEMPTS = 3

/**
 * Makes the recovery key. With a file it goes there (the caller writes it); on a terminal it is shown once and its end typed
 * again; else there is none, and that is said. Nothing is written here.
 *
 * @throws KeyturnError CONFIRMATION_FAILED, INTERRUPTED.
 */
export async function makeRecoveryKey(context: CommandContext, tools: KeyTools, file: string | undefined): Promise<RecoveryKey> {
  if (file !== undefined) return { identity: await tools.newIdentity(), how: 'file', file: resolve(context.cwd, file) }
  if (!context.prompts.possible || context.options.yes) return { identity: null, how: 'skipped', file: null }
  const identity = await tools.newIdentity()
  const question = 'Its last 6 characters, to confirm: '
  for (let left = ATTEMPTS; ; ) {
    try {
      // A part of the question, which goes to the terminal alone: stdout and stderr may be files.
      const shown = left === ATTEMPTS ? `Recovery key, shown once:\n  ${identity.identity.reveal()}\n${question}` : question
      await context.prompts.typed(shown, (typed) => endsIn(identity, typed), '--recovery-key-file FILE')
      return { identity, how: 'typed', file: null }
    } catch (error) {
      left -= 1
      if (left === 0 || !isKeyturnError(error, 'CONFIRMATION_FAILED')) throw error
      context.out.note(`That is not its end. Tries left: ${left}. Nothing is written before it is right.`)
    }
  }
}

/** The recovery key from a hidden prompt, as it was shown. Whether it is one is told by its first use. */
export async function typedRecoveryKey({ prompts }: CommandContext): Promise<Sensitive<string>> {
  const typed = await prompts.hidden('Recovery key: ', '--recovery-key-file FILE')
  return typed.map((text) => text.trim().toUpperCase())
}

const endsIn = (identity: Identity, typed: string): boolean => typed.length === 6 && identity.identity.tells((key) => key.endsWith(typed.toUpperCase()))
