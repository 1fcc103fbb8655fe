import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { KeyturnError } from '../../errors.ts'

/**
 * One writer at a time for a configuration file of Asterisk, between all processes of this machine, whoever runs them.
 *
 * The lock is a name in Linux's abstract socket space: no file is left behind in `/etc/asterisk`, no folder has to be writable
 * for all, and the kernel releases it with the process. On other systems, or in another network namespace, there is no lock:
 * there the comparison right before the write still keeps two writers from undoing each other.
 */

const RETRY_MS = 20
const PATIENCE_MS = 10_000

/** Runs `work` while holding the file's lock. OUTPUT_LOCKED when another process keeps it for ten seconds. */
export async function withFileLock<T>(file: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const release = process.platform === 'linux' ? await lock(await realpath(file).catch(() => file), signal) : () => {}
  try {
    return await work()
  } finally {
    release()
  }
}

async function lock(file: string, signal: AbortSignal): Promise<() => void> {
  const { createServer } = await import('node:net')
  const name = `\0keyturn-${createHash('sha256').update(file).digest('hex').slice(0, 32)}`
  for (let waited = 0; ; waited += RETRY_MS) {
    signal.throwIfAborted()
    const server = createServer((socket) => socket.destroy())
    const code = await new Promise<string | null>((resolve) => {
      server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'ERROR'))
      server.listen(name, () => resolve(null))
    })
    if (code === null) {
      server.unref()
      return () => server.close()
    }
    // Sockets are forbidden here: see above.
    if (code !== 'EADDRINUSE') return () => {}
    if (waited >= PATIENCE_MS) throw new KeyturnError('OUTPUT_LOCKED', `${file}: another process has been changing it for ${PATIENCE_MS / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}
