import { KeyturnError } from '../../errors.ts'
import type { Version } from '../../ports.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Fields, Handle } from '../../terms.ts'
import { sized } from './document.ts'

const SCHEMA = 'keyturn/aws-versions@1'

/** Whose versions they are: a history that was copied elsewhere is refused there. */
export interface Place {
  readonly inventory: string
  readonly path: string
}

/**
 * The text of the sibling secret: every version that is kept, newest first. All of them stand in the one text with the label
 * AWSCURRENT, which AWS never removes; its own old versions may go, whatever their number and age.
 *
 * @throws KeyturnError VALUE_REFUSED where they do not fit into one secret, or a value is no text.
 */
export function encodeHistory(place: Place, versions: readonly Version[]): Sensitive<string> {
  const plain = new Sensitive(
    versions.map(({ token, createdAt, handle, fields }) => ({
      ...{ token, createdAt, handle },
      // As pairs: an object would lose a field named `__proto__`, and the order of numbers.
      fields: fields.map((all) => Object.entries(all)).reveal(),
    })),
  )
  for (const { fields } of plain.reveal()) {
    for (const [name, value] of fields) {
      if (typeof value !== 'string') throw new KeyturnError('VALUE_REFUSED', `${place.path}: field ${JSON.stringify(name)} is not a text`)
    }
  }
  return sized(
    `versions of ${place.path}`,
    plain.map((all) => JSON.stringify({ schema: SCHEMA, ...place, versions: all })),
  )
}

/**
 * The versions in the text of a sibling secret, newest first.
 *
 * @throws KeyturnError STORE_DAMAGED for anything else, STORE_NEWER for a later format.
 */
export function decodeHistory(name: string, place: Place, text: Sensitive<string>): readonly Version[] {
  const raw = text.map((all): Record<string, unknown> => {
    try {
      return Object(JSON.parse(all)) as Record<string, unknown>
    } catch {
      // JSON.parse quotes what it read, and that is a value.
      return {}
    }
  })
  const { schema, inventory, path, versions } = raw.reveal()
  if (schema !== SCHEMA) {
    if (typeof schema === 'string' && /^keyturn\/aws-versions@\d{1,6}$/.test(schema)) {
      throw new KeyturnError('STORE_NEWER', `${name}: has format ${schema}, and this Keyturn knows ${SCHEMA}`)
    }
    throw damaged(name, 'holds no versions')
  }
  if (inventory !== place.inventory || path !== place.path) throw damaged(name, 'holds the versions of another path')
  if (!Array.isArray(versions)) throw damaged(name, 'holds no versions')
  return versions.map((one: unknown) => {
    const { token, createdAt, handle, fields } = Object(one) as Record<string, unknown>
    const whole = Array.isArray(fields) && fields.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string'))
    if (typeof token !== 'string' || typeof createdAt !== 'number' || !whole) throw damaged(name, 'holds a version that is none')
    return { token, createdAt, handle: (handle ?? null) as Handle | null, fields: new Sensitive(Object.fromEntries(fields as [string, string][]) as Fields) }
  })
}

const damaged = (name: string, seen: string) =>
  new KeyturnError('STORE_DAMAGED', `${name}: ${seen}`, { hint: 'Move AWSCURRENT back to the version before (AWSPREVIOUS) with the AWS CLI, or restore it.' })
