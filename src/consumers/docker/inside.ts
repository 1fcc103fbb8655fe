import { existsSync, realpathSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { isKeyturnError, KeyturnError } from '../../errors.ts'
import type { ConsumerContext } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'
import { type Container, isRunning, type Mount } from './containers.ts'
import { runDocker } from './program.ts'

/** The output, or a part of it, as a file of a container. */
export interface Seen {
  /** Inside. */
  readonly path: string
  /** On the host. */
  readonly source: string
  /** The one variable that it holds; `null`: all of them, in the output's dialect. */
  readonly name: string | null
}

/** Where the output is seen through mounts: itself, a file of its folder, or in a folder above it. */
export function seenThrough(ctx: ConsumerContext<unknown>, mounts: readonly Mount[]): readonly Seen[] {
  const isFolder = ctx.target.endsWith('/')
  const target = real(ctx.target)
  return mounts.flatMap(({ source, target: inside }): Seen[] => {
    if (isFolder) {
      const one = ctx.vars.find((name) => resolve(source) === join(target, name) || real(source) === real(join(target, name)))
      if (one !== undefined) return [{ path: inside, source: join(target, one), name: one }]
    }
    const below = relative(real(source), target)
    if (below.startsWith('..') || below.startsWith('/')) return []
    const path = below === '' ? inside : join(inside, below)
    if (!isFolder) return [{ path, source: target, name: null }]
    return ctx.vars.map((name) => ({ path: join(path, name), source: join(target, name), name }))
  })
}

function real(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return resolve(file)
  }
}

/** When the file was last written, in milliseconds since 1970. */
export const writtenAt = ({ source }: Seen): number => statSync(source, { throwIfNoEntry: false })?.mtimeMs ?? 0

/**
 * What a file of a container holds; `null`: it is not there. Of one that runs it is read inside, where a single file that was
 * mounted stays the one it was when it is replaced on the host (`docker cp` shows the new one). One that does not run takes what
 * the host has when it starts.
 *
 * @throws KeyturnError CONSUMER_FAILED when it cannot be looked at.
 */
export async function readInside(
  ctx: ConsumerContext<unknown>,
  container: Container,
  file: Pick<Seen, 'path'> & { readonly source: string | null },
): Promise<Sensitive<string> | null> {
  if (!isRunning(container)) return file.source !== null && existsSync(file.source) ? new Sensitive(await readFile(file.source, 'utf8')) : null
  try {
    return new Sensitive((await runDocker(ctx, ['exec', container.id, 'cat', file.path])).toString())
  } catch (error) {
    if (!isKeyturnError(error)) throw error
    if (/No such file or directory/.test(error.message)) return null
    const there = await throughProcess(container, file.path)
    if (there) return there
    throw new KeyturnError('CONSUMER_FAILED', `${container.name}: ${file.path} cannot be read in it: ${error.message}`, {
      hint: 'an image without "cat" can be looked into by root on the same machine only',
    })
  }
}

/** An image need not have a `cat`: then by the process's own root, where this machine has that process. */
async function throughProcess({ id, pid }: Container, path: string): Promise<Sensitive<string> | null> {
  try {
    // The engine may be on another machine, where the number is another process's.
    if (pid === 0 || !(await readFile(`/proc/${pid}/mountinfo`, 'utf8')).includes(id)) return null
    return new Sensitive(await readFile(`/proc/${pid}/root${path}`, 'utf8'))
  } catch {
    return null
  }
}
