import { KeyturnError } from '../../errors.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Fields } from '../../terms.ts'
import { readObject, withoutNames, withValue, writeObject } from './json-object.ts'

/** A secret's value has at most this many bytes. */
export const LARGEST = 65_536

/** The field that a secret has whose text is no JSON object. */
const WHOLE = 'value'

/**
 * The fields in the text of a secret: of a JSON object its members (one that is no string as its JSON text), of any other text the
 * one field `value`.
 */
export const fieldsIn = (text: Sensitive<string>): Sensitive<Fields> =>
  text.map((all): Fields => {
    const entries = readObject(all)
    if (entries === null) return { [WHOLE]: all }
    return Object.fromEntries(entries.map(({ name, value }) => [name, value.startsWith('"') ? (JSON.parse(value) as string) : value]))
  })

/**
 * The text with these fields laid over. Members of others stay byte for byte and in their order; a plain text stays one.
 *
 * @throws KeyturnError VALUE_REFUSED where the result could not be read back.
 */
export function layIn(path: string, text: Sensitive<string> | null, fields: Sensitive<Fields>): Sensitive<string> {
  const before = text ?? new Sensitive('{}')
  const laid = before.with(fields, (all, own) => {
    const entries = readObject(all)
    if (entries === null) return plain(path, own)
    const has = (name: string, value: string) => fieldsIn(before).tells((there) => Object.hasOwn(there, name) && there[name] === value)
    return writeObject(
      Object.entries(own).reduce((merged, [name, value]) => (has(name, value) ? merged : withValue(merged, name, JSON.stringify(value))), entries),
    )
  })
  return sized(path, laid)
}

/** The text without these fields: an empty object where none is left. */
export const takeOut = (text: Sensitive<string>, names: readonly string[]): Sensitive<string> =>
  text.map((all) => {
    const entries = readObject(all)
    if (entries === null) return names.includes(WHOLE) ? '{}' : all
    const left = withoutNames(entries, names)
    return left.length === 0 ? '{}' : writeObject(left)
  })

/** @throws KeyturnError VALUE_REFUSED for what AWS does not take. */
export function sized(path: string, text: Sensitive<string>): Sensitive<string> {
  const bytes = Buffer.byteLength(text.reveal())
  if (bytes > LARGEST) {
    throw refused(
      path,
      `${bytes} bytes, and AWS takes ${LARGEST}`,
      'Give secrets a path of their own, keep old versions for a shorter time ("retain"), or store large files elsewhere.',
    )
  }
  return text
}

function plain(path: string, own: Fields): string {
  const [[name, value] = [], ...more] = Object.entries(own)
  if (name !== WHOLE || value === undefined || more.length > 0) {
    throw refused(path, 'holds a plain text, so no other field can lie beside it', `Name the only field "${WHOLE}", or use another path.`)
  }
  if (value === '' || !value.isWellFormed()) throw refused(path, 'the value is no text that AWS takes', 'Use another value.')
  if (readObject(value) !== null) {
    throw refused(path, 'holds a plain text, and the new value is a JSON object, which readers would take for fields', 'Use another path.')
  }
  return value
}

const refused = (path: string, why: string, hint: string) => new KeyturnError('VALUE_REFUSED', `${path}: ${why}`, { hint })
