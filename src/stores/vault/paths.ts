import { KeyturnError } from '../../errors.ts'
import type { Token } from '../../terms.ts'
import { checkPath, checkToken, encodeName } from '../local/names.ts'

/** Ends the name of the folder beside a path in which its versions lie. */
const VERSIONS = '--keyturn'

/** Paths of Keyturn's own, such as the key of fingerprints, of which every inventory has one. */
const RESERVED = '.keyturn/'

/**
 * Where a path of an inventory lies in the mount: as it is, except that Keyturn's own carry the inventory's id.
 *
 * @throws KeyturnError CONFIG_INVALID for a path that cannot name a document.
 */
export function placeOf(path: string, inventoryId: string): string {
  checkPath(path)
  const bad = (why: string) => new KeyturnError('CONFIG_INVALID', `path ${JSON.stringify(path)}: ${why}`, { hint: 'Write it like project/environment/name.' })
  for (const segment of path.split('/')) {
    if (segment.endsWith(VERSIONS)) throw bad(`"${VERSIONS}" ends the names of folders with versions`)
    // Servers clean paths that end so, or refuse them.
    if (/^\s|\s$/.test(segment)) throw bad('holds a space at the end of a name')
  }
  return path.startsWith(RESERVED) ? `${RESERVED}${inventoryId}/${path.slice(RESERVED.length)}` : path
}

/** The folder of a place's versions. */
export const versionsOf = (place: string): string => `${place}${VERSIONS}`

/**
 * Where one version lies: one place each, so that no limit of the mount on the number of versions ever takes one.
 *
 * @throws KeyturnError INTERNAL for what is no token.
 */
export function versionOf(place: string, token: Token): string {
  checkToken(token)
  return `${versionsOf(place)}/${encodeName(token)}`
}

/** For a URL: nothing in it can end the path, begin a query or go up. */
export const encodePath = (place: string): string => place.split('/').map(encodeURIComponent).join('/')
