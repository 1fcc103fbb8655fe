import { KeyturnError } from '../../errors.ts'
import type { Token } from '../../terms.ts'
import { checkPath, checkToken, encodeName } from '../local/names.ts'

/** Below this lies what belongs to Keyturn and not to readers. `.keyturn/` is a reserved path of every store. */
const OWN = '.keyturn/'

/** Places in a mount that one inventory uses. */
export interface Places {
  /** What readers read. @throws KeyturnError CONFIG_INVALID for a path that cannot name a document. */
  current(path: string): string
  /** The folder with the versions of a path. Not below the path, so that a reader's right to `demo/*` does not reach old values. */
  versions(path: string): string
  /** One version: a place each, so that no limit of the mount on the number of versions takes one. @throws KeyturnError INTERNAL. */
  version(path: string, token: Token): string
}

/** Places for the paths of an inventory. One mount may have several inventories, and what is reserved is each one's own. */
export function placesFor(inventoryId: string): Places {
  const own = `${OWN}${inventoryId}/`
  const places: Places = {
    current(path) {
      check(path)
      return path.startsWith(OWN) ? `${own}own/${path.slice(OWN.length)}` : path
    },
    versions(path) {
      check(path)
      return `${own}versions/${path}`
    },
    version(path, token) {
      checkToken(token)
      return `${places.versions(path)}/${encodeName(token)}`
    },
  }
  return places
}

function check(path: string): void {
  checkPath(path)
  // Servers clean names that begin or end so, or refuse them.
  if (path.split('/').some((segment) => /^\s|\s$/.test(segment))) {
    throw new KeyturnError('CONFIG_INVALID', `path ${JSON.stringify(path)}: holds a space at the end of a name`, {
      hint: 'Write it like project/environment/name.',
    })
  }
}

/** For a URL: nothing in it can end the path, begin a query or go up. */
export const encodePath = (place: string): string => place.split('/').map(encodeURIComponent).join('/')
