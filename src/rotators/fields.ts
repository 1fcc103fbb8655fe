import { KeyturnError } from '../errors.ts'
import type { RotatorContext } from '../ports.ts'
import { Sensitive } from '../sensitive.ts'
import type { Fields } from '../terms.ts'

/** Which of a secret's fields is the secret one, and which only say whose it is. */

const SECRET_NAMES = [
  'password',
  'secret',
  'token',
  'value',
  'key',
  'passwd',
  'pass',
  'api_key',
  'apikey',
  'auth_token',
  'access_token',
  'secret_key',
  'private_key',
]
const USER_NAMES = ['username', 'user', 'login', 'user_name', 'account']

/**
 * The field that holds the secret: the one named in the params, else the only one, else the one with a telling name.
 * Throws CONFIG_INVALID when that is none or several.
 */
export function secretField(rotator: string, fields: readonly string[], named: string | undefined): string {
  if (named !== undefined) {
    if (fields.includes(named)) return named
    throw new KeyturnError('CONFIG_INVALID', `${rotator}: the secret has no field "${named}"; it has ${list(fields)}`, {
      hint: 'Name one of these as "field:" of the rotator, or add the field under "env:".',
    })
  }
  const [only, ...others] = fields
  if (only !== undefined && others.length === 0) return only
  const telling = fields.filter((name) => SECRET_NAMES.includes(name.toLowerCase()))
  if (telling.length === 1 && telling[0] !== undefined) return telling[0]
  const seen = telling.length === 0 ? `none of ${list(fields)} is named like a secret` : `${list(telling)} are both named like secrets`
  throw new KeyturnError('CONFIG_INVALID', `${rotator}: it is not clear which field to make anew: ${seen}`, {
    hint: `Say it in the rotator: "field: ${fields[0] ?? 'password'}".`,
  })
}

/** The field that holds a user name, if there is one. */
export const userField = (fields: readonly string[]): string | null => fields.find((name) => USER_NAMES.includes(name.toLowerCase())) ?? null

/**
 * All fields of the secret: the given ones, the rest as they are now. Throws VALUE_MISSING naming a field that is nowhere.
 */
export function completeFields(ctx: Pick<RotatorContext<unknown>, 'fields' | 'current'>, rotator: string, made: Fields): Sensitive<Fields> {
  const now = ctx.current?.fields.reveal() ?? {}
  const all: Record<string, string> = {}
  for (const name of ctx.fields) {
    const value = made[name] ?? now[name]
    if (value === undefined) {
      throw new KeyturnError('VALUE_MISSING', `${rotator}: the field "${name}" has no value yet, and it is not one to be invented`, {
        hint: 'Give all fields once with "secrets set NAME".',
      })
    }
    all[name] = value
  }
  return new Sensitive(all)
}

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')
