import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Ended, RotatorContext, Version } from '../../../src/ports.ts'
import { asteriskAri } from '../../../src/rotators/asterisk-ari.ts'
import { Sensitive } from '../../../src/sensitive.ts'
import type { Asterisk } from '../../servers/asterisk.ts'
import { canary, expectNoCanary } from '../../support/canary.ts'
import { rotatorContext, storedVersion } from '../../support/rotator-context.ts'

/** What the engine does around the verbs of `asterisk-ari`, by hand and in its order. */

export type Admin = RotatorContext<unknown>['admin']

export interface ByHand {
  /** `create`, `set`, `test`: with two users the old one still stands then. */
  next(current: Version): Promise<Version>
  set(current: Version | null, version: Version): Promise<void>
  test(version: Version): Promise<unknown>
  revoke(current: Version | null, old: Version): Promise<Ended | undefined>
}

export function byHand(asterisk: Asterisk, more: Readonly<Record<string, unknown>> = {}, admin: Admin = []): ByHand {
  const reload = { cli: [...asterisk.cliCommand, '-rx'] }
  const params = asteriskAri.params.parse({ url: asterisk.url, config: asterisk.ariConf, etc: asterisk.etc, reload, ...more })
  // Other random bytes each time: two rotations with the same password would prove nothing.
  const random = { bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) }
  const context = (current: Version | null, token: string) =>
    rotatorContext(params, { fields: ['username', 'password'], current, token, admin, dir: asterisk.etc, random })
  const set = async (current: Version | null, version: Version) => asteriskAri.set?.(context(current, version.token), version)
  let n = 0
  return {
    set,
    test: (version) => asteriskAri.test(context(null, version.token), version),
    revoke: async (current, old) =>
      (await asteriskAri.revoke?.(context(current, old.token), { rotator: 'asterisk-ari', params: {}, id: {} }, old)) ?? undefined,
    next: async (current) => {
      const token = `kt_test.ari.${++n}`
      const made = await asteriskAri.create(context(current, token))
      const version = storedVersion(made.fields.reveal(), token)
      await set(current, version)
      await asteriskAri.test(context(current, token), version)
      return version
    },
  }
}

/** The way over AMI, with its admin secret. */
export const overAmi = (asterisk: Asterisk): [Readonly<Record<string, unknown>>, Admin] => [
  { reload: { ami: { port: asterisk.amiPort, user: asterisk.amiUser } } },
  [new Sensitive({ secret: asterisk.amiPassword })],
]

/** A version of the user `agent`. */
export const agent = (password = canary()): Version => storedVersion({ username: 'agent', password })

export const passwordIn = (version: Version): string => version.fields.reveal().password ?? ''

/** The status of a fresh login. */
export const login = (asterisk: Asterisk, version: Version): Promise<number> => asterisk.login(version.fields.reveal().username ?? '', passwordIn(version))

export const GENERAL = '[general]\nenabled = yes\npretty = no\n'

/** An ari.conf with this user. */
export const onlyUser = (version: Version, readOnly = 'no'): string =>
  `${GENERAL}\n[agent]\ntype = user\nread_only = ${readOnly}\npassword = ${passwordIn(version)}\n`

let written = 0

/** Puts this ari.conf (and files beside it) in place, without a reload. */
export function place(asterisk: Asterisk, ari: string, beside: Readonly<Record<string, string>> = {}): void {
  for (const [name, text] of Object.entries({ ...beside, 'ari.conf': ari })) {
    const file = path.join(asterisk.etc, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    // A time that no other has: Asterisk would not read it again otherwise.
    utimesSync(`${file}.new`, 1, 1_600_000_000 + ++written)
    renameSync(`${file}.new`, file)
  }
}

/** The same, loaded. */
export async function load(asterisk: Asterisk, ari: string, beside: Readonly<Record<string, string>> = {}): Promise<void> {
  place(asterisk, ari, beside)
  await asterisk.cli('module reload res_ari.so')
}

/** The error of this work; it holds no canary in any of its parts. */
export async function caught(work: Promise<unknown>): Promise<{ code: string; message: string; hint: string; details: readonly string[] }> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error as { code: string; message: string; hint: string; details: readonly string[] },
  )
  if (thrown === null) throw new Error('nothing was thrown')
  expectNoCanary(JSON.stringify([thrown, String(thrown), thrown.message, thrown.hint, thrown.details]), 'an error')
  return thrown
}
