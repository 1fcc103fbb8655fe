import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import type { ErrorCode } from '../errors.ts'
import { type Stamp, stampOf } from './stamp.ts'

/** Larger is no inventory that a person wrote: 4 MB are 40,000 secrets with all their details. */
export const LARGEST_BYTES = 4 * 1024 * 1024

/** A file of the inventory as it was read once. */
export interface Source {
  readonly file: string
  readonly bytes: Uint8Array
  /** Without a byte order mark. */
  readonly text: string
  readonly stamp: Stamp
}

/** Why a file cannot be an inventory; line and column count from 1. */
export interface Unreadable {
  readonly code: ErrorCode
  readonly line: number
  readonly col: number
  readonly message: string
  readonly hint: string
}

const refusal = (message: string, hint: string, code: ErrorCode = 'CONFIG_INVALID', line = 1): Unreadable => ({ code, line, col: 1, message, hint })

/** Reads one file of the inventory: a regular file, at most 4 MB, UTF-8 text. Never throws for what a user can cause. */
export function readSource(file: string): Source | Unreadable {
  let descriptor: number
  try {
    // Without O_NONBLOCK a named pipe would wait for ever.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return unopened(error)
  }
  try {
    const stat = fstatSync(descriptor, { bigint: true })
    if (stat.isDirectory()) return refusal('this is a folder', 'name the file in it: --config FOLDER/secrets.yaml', 'FILE_UNREADABLE')
    if (!stat.isFile()) return refusal('this is no regular file', 'name a file of text', 'FILE_UNREADABLE')
    if (stat.size > BigInt(LARGEST_BYTES)) return tooLarge(stat.size)
    const bytes = readFileSync(descriptor)
    const text = decode(bytes)
    if (typeof text !== 'string') return text
    const stamp = stampOf(file, stat)
    return { file, bytes, text, stamp }
  } catch (error) {
    return unopened(error)
  } finally {
    closeSync(descriptor)
  }
}

const tooLarge = (size: bigint): Unreadable =>
  refusal(
    `the file has ${size} bytes; an inventory may have ${LARGEST_BYTES} (4 MB)`,
    'is it the right file? "extends:" and several inventories can share the rest',
  )

function unopened(error: unknown): Unreadable {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  if (code === 'ENOENT' || code === 'ENOTDIR') return refusal('there is no such file', 'correct the name', 'CONFIG_NOT_FOUND')
  if (code === 'EACCES' || code === 'EPERM')
    return refusal(`this user may not read it (${code})`, 'check owner and mode of the file and its folders', 'FILE_UNREADABLE')
  if (code === 'ELOOP') return refusal('the symbolic link leads back to itself', 'make it point to a file', 'FILE_UNREADABLE')
  return refusal(`it cannot be read (${code})`, 'check the file and its disk', 'FILE_UNREADABLE')
}

function decode(bytes: Uint8Array): string | Unreadable {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return refusal('the file is UTF-16', 'save it as UTF-8')
  }
  const nul = bytes.indexOf(0)
  if (nul !== -1) return refusal('the file is binary, not text', 'is it the right file?', 'CONFIG_INVALID', lineOf(bytes, nul))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refusal('the file is not UTF-8 here', 'save it as UTF-8', 'CONFIG_INVALID', lineOf(bytes, firstInvalid(bytes)))
  }
}

const lineOf = (bytes: Uint8Array, offset: number): number => {
  let line = 1
  for (let at = 0; at < offset; at++) if (bytes[at] === 0x0a) line++
  return line
}

/** Offset of the line that is no UTF-8: a line break is never part of a longer sequence, so lines can be tried one by one. */
function firstInvalid(bytes: Uint8Array): number {
  const strict = new TextDecoder('utf-8', { fatal: true })
  let start = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start)
    const stop = end === -1 ? bytes.length : end
    try {
      strict.decode(bytes.subarray(start, stop))
    } catch {
      return start
    }
    start = stop + 1
  }
  return 0
}
