import { createHash } from 'node:crypto'
import { KeyturnError } from '../../errors.ts'

/** Most file systems allow 255 bytes; the longest name made here also carries a number and a suffix. */
const LONGEST = 160

/**
 * One folder or file name for a path or token. Different texts have different names, also where the file system ignores
 * case or normalises Unicode: lower-case ASCII letters, digits, `-`, `_` and inner dots stay, `/` becomes `+`, every other
 * byte of the UTF-8 becomes `%xx`. What gets too long is cut and ends in a hash of the whole.
 */
export function encodeName(text: string): string {
  let name = ''
  for (const byte of Buffer.from(text)) {
    const char = String.fromCharCode(byte)
    if (/[a-z0-9_-]/.test(char) || (char === '.' && name !== '')) name += char
    else name += char === '/' ? '+' : `%${byte.toString(16).padStart(2, '0')}`
  }
  if (name.length <= LONGEST) return name
  // '~' is never written above, so a cut name meets no whole one.
  return `${name.slice(0, LONGEST - 65)}~${createHash('sha256').update(text).digest('hex')}`
}

/**
 * Refuses a path that cannot name a document.
 *
 * @throws KeyturnError CONFIG_INVALID.
 */
export function checkPath(path: string): void {
  const refuse = (why: string) =>
    new KeyturnError('CONFIG_INVALID', `path ${JSON.stringify(path)}: ${why}`, { hint: 'Write it like project/environment/name.' })
  if (typeof path !== 'string' || path === '') throw refuse('empty')
  if (Buffer.byteLength(path) > 1024) throw refuse('longer than 1024 bytes')
  if (!path.isWellFormed()) throw refuse('not valid Unicode')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path)) throw refuse('holds a control character')
  for (const segment of path.split('/')) {
    if (segment === '') throw refuse('starts or ends with "/", or holds "//"')
    if (segment === '.' || segment === '..') throw refuse(`holds "${segment}"`)
  }
}

/**
 * Refuses what cannot be a token.
 *
 * @throws KeyturnError INTERNAL: tokens are made by Keyturn.
 */
export function checkToken(token: string): void {
  if (typeof token !== 'string' || token === '' || token.length > 512 || !token.isWellFormed()) {
    throw new KeyturnError('INTERNAL', `${JSON.stringify(token).slice(0, 80)} is no token of a version`)
  }
}
