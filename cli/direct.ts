import { fstatSync, writeSync } from 'node:fs'
import type { Sink } from './output.ts'

/** Between two tries to write to a pipe whose reader is slow. */
const PAUSE_MS = 5

/**
 * A stream of the process as a place to write text to. Files and pipes (which are sockets where Node started us) are written to
 * directly: `process.stdout` would load all of Node's streams for it, which takes as long as the rest of `status`. A terminal gets it.
 *
 * A reader that has gone away ("secrets status | head") ends the process: `closed` is called and is not to return.
 */
export function openSink(fd: 1 | 2, stream: () => NodeJS.WriteStream, closed: () => never): Sink {
  if (!isDirect(fd)) {
    const real = stream()
    real.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') closed()
      throw error
    })
    return real
  }
  return {
    write: (text) => {
      const bytes = Buffer.from(text)
      for (let written = 0; written < bytes.length; ) {
        try {
          written += writeSync(fd, bytes, written)
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException
          if (code === 'EPIPE') closed()
          // Somebody who shares the pipe has made it non-blocking.
          if (code !== 'EAGAIN') throw error
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
        }
      }
    },
  }
}

function isDirect(fd: number): boolean {
  try {
    const stat = fstatSync(fd)
    return stat.isFile() || stat.isFIFO() || stat.isSocket()
  } catch {
    return false
  }
}
