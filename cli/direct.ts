import { fstatSync, writeSync } from 'node:fs'
import { fromFileSystem } from '../src/errors.ts'
import type { Place } from './apart.ts'
import type { Sink } from './output.ts'

/** Between two tries to write to a pipe whose reader is slow. */
const PAUSE_MS = 5

/** Major number of /dev/null, /dev/full and their like on Linux. */
const MEMORY_DEVICES = 1

/**
 * A stream of the process as a place to write text to. Files and pipes (which are sockets where Node started us) are written to
 * directly: `process.stdout` would load all of Node's streams for it, which takes as long as the rest of `status`. A terminal gets it.
 *
 * A write that fails is thrown: DISK_FULL or FILE_UNWRITABLE. A reader that has gone away ("secrets status | head") ends the process: `closed` is called and is not to return.
 */
export function openSink(fd: 1 | 2, stream: () => NodeJS.WriteStream, closed: () => never, place: Place | null = null): Sink {
  if (place === null && !isDirect(fd)) {
    const real = stream()
    real.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') closed()
      throw error
    })
    return real
  }
  return {
    ...(fd === 1 && place?.terminal && { isTTY: true, ...(place.columns !== undefined && { columns: place.columns }) }),
    write: (text) => {
      const bytes = Buffer.from(text)
      for (let written = 0; written < bytes.length; ) {
        try {
          written += writeSync(fd, bytes, written)
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException
          if (code === 'EPIPE') closed()
          // Nobody is left who could be told.
          if (code !== 'EAGAIN' && fd === 2) return
          if (code !== 'EAGAIN') throw fromFileSystem(error, 'write', 'standard output')
          // Somebody who shares the pipe has made it non-blocking.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
        }
      }
    },
  }
}

function isDirect(fd: number): boolean {
  try {
    const stat = fstatSync(fd)
    // A stream tells of a failed write too late: of the devices only terminals need one. /dev/full is one of memory's.
    return stat.isFile() || stat.isFIFO() || stat.isSocket() || (stat.isCharacterDevice() && stat.rdev >> 8 === MEMORY_DEVICES)
  } catch {
    return false
  }
}
