import { KeyturnError } from '../../src/errors.ts'
import type { OutputFiles } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Hook } from '../support/memory-store.ts'
import type { Process } from './scheduler.ts'

/** The output files of all simulated hosts, with the locks that their kernels hold. */
export interface Disk {
  text(host: string, target: string): string | null
  /** Everything that ever stood in a file, oldest first: what somebody may have kept a copy of. */
  former(host: string, target: string): readonly string[]
  write(host: string, target: string, text: string): void
  /** What the kernel does when a process dies. */
  release(process: Process): void
  forProcess(process: Process, hook: Hook): OutputFiles
}

export function disk(): Disk {
  const texts = new Map<string, readonly string[]>()
  const locks = new Map<string, Process>()
  const key = (host: string, target: string): string => `${host}:${target}`
  const write = (host: string, target: string, text: string): void => {
    texts.set(key(host, target), [...(texts.get(key(host, target)) ?? []), text])
  }
  const text = (host: string, target: string): string | null => texts.get(key(host, target))?.at(-1) ?? null

  return {
    text,
    former: (host, target) => texts.get(key(host, target)) ?? [],
    write,
    release(process) {
      for (const [name, holder] of locks) if (holder === process) locks.delete(name)
    },
    forProcess: (process, hook) => ({
      async locked(target, _signal, work) {
        const name = key(process.host, target)
        await hook('file.lock:before')
        const holder = locks.get(name)
        if (holder && holder !== process) throw new KeyturnError('OUTPUT_LOCKED', `${target}: ${holder.name} is writing it`)
        locks.set(name, process)
        try {
          return await work({
            async read() {
              await hook('file.read:before')
              const found = text(process.host, target)
              return found === null ? null : new Sensitive(found)
            },
            async replace(replacement) {
              await hook('file.replace:before')
              write(process.host, target, replacement.reveal())
              await hook('file.replace:after')
            },
          })
        } finally {
          locks.delete(name)
        }
      },
    }),
  }
}
