import { KeyturnError } from '../../src/errors.ts'
import type { RotatorContext } from '../../src/ports.ts'
import type { Fields, Millis } from '../../src/terms.ts'
import type { Hook } from '../support/memory-store.ts'

/** One account at a simulated provider: what logs in there now. Several simulated processes share it. */
export interface Account {
  readonly name: string
  readonly kind: 'minting' | 'single' | 'turns'
  /** Whether a fresh login with these fields succeeds now. */
  accepts(fields: Fields): boolean
  /** The values that log in now. */
  live(): readonly string[]
  /** How many may be alive at a time. */
  readonly limit: number
  /** The account whose credential is asked for before anything is changed here. */
  readonly admin: Account | null
  /** Everything made from now on is refused, for good. */
  refuses: boolean
  /** How long a new credential is missing from the provider's own list. */
  lagMs: Millis
  /** How often `set` will yet report success and do nothing. */
  lies: number
  /** Called with a value that does not log in any more. */
  onDeath: (value: string) => void
}

/** What a rotator's verb does to the world, between the two points where a process can be interrupted. */
export interface Verbs {
  readonly hook: Hook
  readonly now: () => Millis
  account(name: string): Account
}

/** The provider's own field names behind those of a secret: `key_value` is its `value`. */
export const plain = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.slice(name.lastIndexOf('_') + 1), value]))

/** The names that the secret has for the provider's fields. */
export const named = (names: readonly string[], fields: Fields): Fields =>
  Object.fromEntries(names.map((name) => [name, fields[name.slice(name.lastIndexOf('_') + 1)] ?? '']))

/** A call that only looks. */
export async function look<T>(hook: Hook, name: string, work: () => T): Promise<T> {
  await hook(`provider.${name}:before`)
  const result = work()
  await hook(`provider.${name}:after`)
  return result
}

/** A call that changes something: the lease is checked right before the change, and the admin's credential by the provider. */
export async function change<T>(hook: Hook, name: string, ctx: RotatorContext<unknown>, account: Account, work: () => T): Promise<T> {
  return look(hook, name, () => {
    ctx.signal.throwIfAborted()
    requireAdmin(ctx, account)
    return work()
  })
}

function requireAdmin(ctx: RotatorContext<unknown>, { admin, name }: Account): void {
  if (admin && !ctx.admin.some((fields) => admin.accepts(plain(fields.reveal()))))
    throw new KeyturnError('ADMIN_REJECTED', `${name}: the admin credential is refused`)
}

export const rejected = (account: string): KeyturnError => new KeyturnError('CREDENTIAL_REJECTED', `${account}: refused (401)`)
