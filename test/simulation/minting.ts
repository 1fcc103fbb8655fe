import * as z from 'zod'
import type { RotatorSpec } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Millis } from '../../src/terms.ts'
import { type Account, change, look, named, plain, rejected, type Verbs } from './account.ts'

/** A key at a provider that mints its own: several can be alive at a time. */
export interface MintedKey {
  readonly id: string
  readonly value: string
  /** The token of the claim that made it; `null`: made by hand, or by somebody else. */
  readonly tag: string | null
  readonly madeAt: Millis
  alive: boolean
  /** When somebody used it last, if the provider tells that. */
  usedAt?: Millis
}

export interface MintingAccount extends Account {
  readonly kind: 'minting'
  readonly keys: MintedKey[]
  mint(tag: string | null, now: Millis): MintedKey
}

export function mintingAccount(name: string, options: { readonly limit?: number; readonly admin?: Account } = {}): MintingAccount {
  const keys: MintedKey[] = []
  const account: MintingAccount = {
    ...{ name, kind: 'minting', keys, limit: options.limit ?? 2, admin: options.admin ?? null },
    ...{ refuses: false, lagMs: 0, lies: 0, onDeath: () => {} },
    accepts: ({ value }) => keys.some((key) => key.alive && key.value === value && !refused.has(key.id)),
    live: () => keys.filter(({ alive }) => alive).map(({ value }) => value),
    mint(tag, now) {
      const number = keys.length + 1
      const key = { id: `${name}-key-${number}`, value: `canary-${name}-minted-${number}`, tag, madeAt: now, alive: true }
      if (account.refuses) refused.add(key.id)
      keys.push(key)
      return key
    },
  }
  const refused = new Set<string>()
  return account
}

/** Mints at `create`, tags what it makes, finds it again by its tag. */
export function mintingRotator({ hook, now, account }: Verbs): RotatorSpec<{ account: string }> {
  const at = (params: { account: string }): MintingAccount => account(params.account) as MintingAccount
  return {
    name: 'minting',
    summary: 'mints keys, several at a time',
    params: z.object({ account: z.string() }),
    overlap: () => true,
    create: (ctx) =>
      change(hook, 'create', ctx, at(ctx.params), () => {
        const key = at(ctx.params).mint(ctx.token, now())
        return { fields: new Sensitive(named(ctx.fields, { value: key.value })), id: key.id }
      }),
    test: (ctx, version) =>
      look(hook, 'test', () => {
        if (!at(ctx.params).accepts(plain(version.fields.reveal()))) throw rejected(ctx.params.account)
        return {}
      }),
    revoke: (ctx, handle) =>
      change(hook, 'revoke', ctx, at(ctx.params), () => {
        for (const key of at(ctx.params).keys) {
          if (key.id !== handle.id || !key.alive) continue
          key.alive = false
          at(ctx.params).onDeath(key.value)
        }
      }),
    describe: (ctx, version) =>
      look(hook, 'describe', () => {
        const { value } = plain(version.fields.reveal())
        const key = at(ctx.params).keys.find((one) => one.value === value)
        return key?.usedAt === undefined ? {} : { lastUsedAt: key.usedAt }
      }),
    orphans: (ctx) =>
      look(hook, 'orphans', () => {
        const { keys, lagMs } = at(ctx.params)
        return keys.filter((key) => key.alive && key.tag === ctx.token && (lagMs === 0 || now() - key.madeAt >= lagMs)).map(({ id }) => id)
      }),
  }
}
