import { createHash } from 'node:crypto'
import { KeyturnError } from '../../errors.ts'
import type { Token } from '../../terms.ts'
import { checkPath } from '../local/names.ts'

/** A secret's name has at most this many characters. */
const LONGEST = 512

/** Below this lies what belongs to Keyturn and not to readers. `.keyturn/` is a reserved path of every store. */
const OWN = '.keyturn/'

/** Names of the secrets at AWS that one inventory uses. */
export interface Names {
  /** The secret that readers read. */
  document(path: string): string
  /** The sibling with the versions of a path. Not below the path, so that a reader's right to `demo/*` does not reach old values. */
  history(path: string): string
}

/**
 * Names for the paths of an inventory. Paths of ASCII letters, digits and `/_+=.@-` are names as they stand; every other byte
 * becomes `=XX`, so different paths have different names. `prefix` stands before each.
 */
export function namesFor(inventoryId: string, prefix = ''): Names {
  const own = `${OWN}${encode(inventoryId)}/`
  const checked = (path: string, bare: string): string => {
    checkPath(path)
    const name = prefix + bare
    if (name.length > LONGEST) {
      throw new KeyturnError('CONFIG_INVALID', `path ${JSON.stringify(path)}: longer than the ${LONGEST} characters that AWS takes`, {
        hint: 'Use a shorter path.',
      })
    }
    return name
  }
  return {
    // One account may have several inventories, and what is reserved is each one's own.
    document: (path) => checked(path, path.startsWith(OWN) ? `${own}own/${encode(path.slice(OWN.length))}` : encode(path)),
    history: (path) => checked(path, `${own}versions/${encode(path)}`),
  }
}

function encode(path: string): string {
  let name = ''
  for (const [at, byte] of Buffer.from(path).entries()) {
    const char = String.fromCharCode(byte)
    name += /[A-Za-z0-9/_+.@=-]/.test(char) && !looksEscaped(path, at, char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return name
}

/** A `=` that would be read as the start of an escape. */
const looksEscaped = (path: string, at: number, char: string): boolean => char === '=' && /^=[0-9A-F]{2}/.test(Buffer.from(path).toString('latin1', at, at + 3))

/**
 * The ClientRequestToken of a write, which AWS makes the new version's id: from what is written, for which claim's token, and over
 * which version. So the same write again is the same version, and the next one over another version is another.
 */
export function requestToken(purpose: string, token: Token, base: string | null, salt = ''): string {
  // AWS takes 32 to 64 characters.
  return `keyturn-${digestOf([purpose, token, base, salt])}`
}

/** The same for the version that a secret is made with. */
export const creationToken = (purpose: string, token: Token): string => `keyturn-new-${digestOf([purpose, token])}`

const digestOf = (parts: readonly (string | null)[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 48)

/** Whether a version's id was made here, and for what. */
export function originOf(versionId: string): 'put' | 'created' | 'foreign' {
  const match = /^keyturn-(new-)?[0-9a-f]{48}$/.exec(versionId)
  if (!match) return 'foreign'
  return match[1] ? 'created' : 'put'
}
