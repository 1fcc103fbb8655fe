import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { fromFileSystem } from '../errors.ts'
import type { Guards } from './check.ts'
import { type IgnoreChange, planIgnores } from './ignore-lines.ts'

/** All that `check --fix` is going to do. */
export interface Mending {
  readonly ignores: readonly IgnoreChange[]
  readonly modes: readonly { readonly path: string; readonly mode: number }[]
}

/**
 * Lines for ignore files, and modes; nothing else is ever changed, and git is never told to.
 *
 * @throws KeyturnError FILE_UNREADABLE for an ignore file that may not be read.
 */
export const planMending = ({ findings, question }: Guards): Mending => ({
  ignores: planIgnores(question),
  modes: findings.flatMap(({ fix, chmod }) => (fix && chmod ? [chmod] : [])),
})

/**
 * Takes rights away from others, of the very file that was looked at. Repeatable.
 *
 * @throws KeyturnError FILE_UNWRITABLE.
 */
export async function narrow({ path, mode }: Mending['modes'][number]): Promise<void> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      await handle.chmod(mode)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw fromFileSystem(error, 'write', path)
  }
}
