import * as z from 'zod'
import { KeyturnError } from '../../src/errors.ts'
import type { RotatorSpec } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Json } from '../../src/terms.ts'
import { type Account, change, look, named, plain, rejected, type Verbs } from './account.ts'

interface User {
  /** `null`: it rests and carries our mark; nobody can log in. */
  password: string | null
}

/** Two users in turn: one is used, the other rests under our mark until the next rotation wakes it. */
export interface TurnsAccount extends Account {
  readonly kind: 'turns'
  readonly users: Readonly<Record<string, User>>
}

export function turnsAccount(name: string, options: { readonly admin?: Account } = {}): TurnsAccount {
  const users: Record<string, User> = { first: { password: `canary-${name}-first` }, second: { password: null } }
  const account: TurnsAccount = {
    ...{ name, kind: 'turns', limit: 2, users, admin: options.admin ?? null },
    ...{ refuses: false, lagMs: 0, lies: 0, onDeath: () => {} },
    accepts: ({ username = '', value }) => value !== undefined && users[username]?.password === value,
    live: () => Object.values(users).flatMap(({ password }) => password ?? []),
  }
  return account
}

const userOf = (id: Json): string => (id as { user: string }).user

/** Wakes the resting user with a new password, and lays the other to rest. */
export function turnsRotator({ hook, account }: Verbs): RotatorSpec<{ account: string }> {
  const at = (params: { account: string }): TurnsAccount => account(params.account) as TurnsAccount
  return {
    name: 'turns',
    summary: 'two users in turn',
    params: z.object({ account: z.string() }),
    overlap: () => true,
    async create(ctx) {
      const username = plain(ctx.current?.fields.reveal() ?? {}).username === 'first' ? 'second' : 'first'
      const value = `canary-${ctx.params.account}-${Buffer.from(ctx.random.bytes(6)).toString('hex')}`
      return { fields: new Sensitive(named(ctx.fields, { username, value })), id: { user: username, token: ctx.token } }
    },
    set: (ctx, version) =>
      change(hook, 'set', ctx, at(ctx.params), () => {
        const there = at(ctx.params)
        const { username = '', value = '' } = plain(version.fields.reveal())
        const user = there.users[username]
        if (!user) throw new KeyturnError('PROVIDER_CONFIG', `${there.name}: no user ${username}`)
        if (user.password === value) return
        if (user.password !== null) throw new KeyturnError('NEEDS_PERSON', `${there.name}: user ${username} does not rest, so somebody uses it`)
        if (there.refuses) throw new KeyturnError('PROVIDER_CONFIG', `${there.name}: its rules do not allow this password`)
        if (there.lies > 0) {
          there.lies -= 1
          return
        }
        user.password = value
      }),
    test: (ctx, version) =>
      look(hook, 'test', () => {
        if (!at(ctx.params).accepts(plain(version.fields.reveal()))) throw rejected(ctx.params.account)
        return {}
      }),
    revoke: (ctx, handle, retiring) =>
      change(hook, 'revoke', ctx, at(ctx.params), () => {
        const there = at(ctx.params)
        const user = there.users[userOf(handle.id)]
        const { value } = plain(retiring?.fields.reveal() ?? {})
        // Only while the retiring value still logs in: a later rotation may have given this user a new one.
        if (!user || user.password === null || user.password !== value) return
        user.password = null
        there.onDeath(value)
      }),
  }
}
