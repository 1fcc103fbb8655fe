import * as z from 'zod'
import { KeyturnError } from '../../src/errors.ts'
import type { RotatorSpec } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { type Account, change, look, named, plain, rejected, type Verbs } from './account.ts'

/** One password and no overlap: the old one dies when the new one is set. */
export interface SingleAccount extends Account {
  readonly kind: 'single'
  password: string
}

export function singleAccount(name: string, options: { readonly admin?: Account } = {}): SingleAccount {
  const account: SingleAccount = {
    ...{ name, kind: 'single', limit: 1, admin: options.admin ?? null, password: `canary-${name}-first` },
    ...{ refuses: false, lagMs: 0, lies: 0, onDeath: () => {} },
    accepts: ({ value }) => value === account.password,
    live: () => [account.password],
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
        if (there.password === value) return
        if (!there.admin && plain(ctx.current?.fields.reveal() ?? {}).value !== there.password) throw rejected(there.name)
        if (there.refuses) throw new KeyturnError('PROVIDER_CONFIG', `${there.name}: its rules do not allow this password`)
        if (there.lies > 0) {
          there.lies -= 1
          return
        }
        const old = there.password
        there.password = value
        there.onDeath(old)
      }),
    test: (ctx, version) =>
      look(hook, 'test', () => {
        if (!at(ctx.params).accepts(plain(version.fields.reveal()))) throw rejected(ctx.params.account)
        return {}
      }),
  }
}
