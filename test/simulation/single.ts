import * as z from 'zod'
import { KeyturnError } from '../../src/errors.ts'
import type { RotatorSpec } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { type Account, change, look, named, plain, rejected, type Verbs } from './account.ts'

/** One password and no overlap: the old one dies when the new one is set. */
export interface SingleAccount extends Account {
  readonly kind: 'single'
  password: string
  /** A former password that is still accepted: some providers keep it for a while, or until they are told again. */
  former: string | null
  /** Whether `set` leaves the former one accepted, this often. */
  keeps: number
}

export function singleAccount(name: string, options: { readonly admin?: Account } = {}): SingleAccount {
  const account: SingleAccount = {
    ...{ name, kind: 'single', limit: 1, admin: options.admin ?? null, password: `canary-${name}-first`, former: null, keeps: 0 },
    ...{ refuses: false, lagMs: 0, lies: 0, onDeath: () => {} },
    accepts: ({ value }) => value !== undefined && (value === account.password || value === account.former),
    live: () => [account.password, ...(account.former === null ? [] : [account.former])],
  }
  return account
}

/** Invents a password and sets it, logging in with the new one first and then with the current one. */
export function singleRotator({ hook, account }: Verbs): RotatorSpec<{ account: string }> {
  const at = (params: { account: string }): SingleAccount => account(params.account) as SingleAccount
  return {
    name: 'single',
    summary: 'sets one password',
    params: z.object({ account: z.string() }),
    overlap: () => false,
    async create(ctx) {
      if (ctx.given) return { fields: ctx.given, id: { token: ctx.token } }
      return {
        fields: new Sensitive(named(ctx.fields, { value: `canary-${ctx.params.account}-${Buffer.from(ctx.random.bytes(6)).toString('hex')}` })),
        id: { token: ctx.token },
      }
    },
    set: (ctx, version) =>
      change(hook, 'set', ctx, at(ctx.params), () => {
        const there = at(ctx.params)
        const { value = '' } = plain(version.fields.reveal())
        if (there.password === value) {
          there.former = null
          return
        }
        if (!there.admin && plain(ctx.current?.fields.reveal() ?? {}).value !== there.password) throw rejected(there.name)
        if (there.refuses) throw new KeyturnError('PROVIDER_CONFIG', `${there.name}: its rules do not allow this password`)
        if (there.lies > 0) {
          there.lies -= 1
          return
        }
        const old = there.password
        there.password = value
        if (there.keeps > 0) {
          there.keeps -= 1
          there.former = old
        } else {
          there.onDeath(old)
        }
      }),
    test: (ctx, version) =>
      look(hook, 'test', () => {
        if (!at(ctx.params).accepts(plain(version.fields.reveal()))) throw rejected(ctx.params.account)
        return {}
      }),
  }
}
