import { KeyturnError } from '../errors.ts'
import { Sensitive } from '../sensitive.ts'

/** 16 MB: no env file of a person is that large, and a mistaken path (a dump, a socket) shall not fill the memory. */
export const MAX_TEXT_BYTES = 16 * 1024 * 1024

/**
 * The bytes of a file as text, without loss: the byte order mark stays. Throws ENV_UNREADABLE, naming `file` and the line,
 * for more than {@link MAX_TEXT_BYTES}, a NUL byte, or bytes that are not UTF-8.
 */
export function decodeText(bytes: Uint8Array, file: string): Sensitive<string> {
  if (bytes.length > MAX_TEXT_BYTES) throw tooLarge(file)
  const nul = bytes.indexOf(0)
  if (nul >= 0) throw new KeyturnError('ENV_UNREADABLE', `${file}: line ${lineOfByte(bytes, nul)} holds a NUL byte, so it is no text`)
  try {
    return new Sensitive(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw new KeyturnError('ENV_UNREADABLE', `${file}: line ${firstBadLine(bytes)} is not UTF-8`)
  }
}

/** Throws ENV_UNREADABLE for text that no file can hold: NUL, half a surrogate pair, or too much of it. */
export function checkText(text: string): void {
  // A character takes one byte at least, and three at most for its length in UTF-16.
  if (text.length > MAX_TEXT_BYTES || (text.length > MAX_TEXT_BYTES / 3 && Buffer.byteLength(text) > MAX_TEXT_BYTES)) throw tooLarge('the file')
  const nul = text.indexOf('\0')
  if (nul >= 0) throw unreadable(text, nul, 'holds a NUL byte, so it is no text')
  if (!text.isWellFormed()) throw unreadable(text, loneSurrogate(text), 'is not Unicode')
}

/** ENV_UNREADABLE for the line that `at` lies in. `what` follows the line's number: "line 3 WHAT". */
export const unreadable = (text: string, at: number, what: string): KeyturnError => new KeyturnError('ENV_UNREADABLE', `line ${lineAt(text, at)} ${what}`)

/** The number, from 1, of the line that `at` lies in. */
export function lineAt(text: string, at: number): number {
  let line = 1
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++
  return line
}

/** The text without the characters at its end that `blank` matches. An expression with `$` would take quadratic time on many of them. */
export function trimEnd(text: string, blank: RegExp): string {
  let end = text.length
  while (end > 0 && blank.test(text[end - 1] as string)) end--
  return text.slice(0, end)
}

const tooLarge = (file: string): KeyturnError => new KeyturnError('ENV_UNREADABLE', `${file}: larger than 16 MB, so it is no env file`)

function lineOfByte(bytes: Uint8Array, at: number): number {
  let line = 1
  for (let i = bytes.indexOf(10); i >= 0 && i < at; i = bytes.indexOf(10, i + 1)) line++
  return line
}

// No UTF-8 sequence holds a line feed inside, so that every line can be looked at alone.
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let line = 1
  for (let from = 0; from <= bytes.length; line++) {
    const end = bytes.indexOf(10, from)
    const to = end < 0 ? bytes.length : end
    try {
      decoder.decode(bytes.subarray(from, to))
    } catch {
      return line
    }
    from = to + 1
  }
  return line
}

function loneSurrogate(text: string): number {
  const found = text.search(/\p{Surrogate}/u)
  return Math.max(found, 0)
}
