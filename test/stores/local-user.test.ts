import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import { writeIdentity } from '../../src/stores/identity.ts'
import { canary } from '../support/canary.ts'
import { isMissing } from '../support/missing.ts'
import { seededRandom } from '../support/random.ts'
import { type Reachable, reachableBy } from '../support/reachable.ts'
import { type LocalFixture, localFixture } from './local-fixture.ts'
import { runChild } from './local-run.ts'

/** Nobody: a user without any rights. */
const USER = { uid: 65534, gid: 65534 }
const VALUE = canary()

const reachable = reachableBy(USER)
const reach = (file: string): string => (reachable as Reachable).path(file)
afterAll(() => (typeof reachable === 'string' ? undefined : reachable.release()))

describe.skipIf(isMissing('another user', typeof reachable === 'string' ? reachable : null))('root under sudo, and the user who called it', () => {
  async function shared(): Promise<LocalFixture> {
    const fixture = await localFixture()
    chmodSync(path.dirname(fixture.dir), 0o711)
    await writeIdentity(fixture.me, { file: path.join(fixture.dir, '..', 'identity.txt'), clock: fixture.clock, random: seededRandom(1), owner: USER })
    // As src/state/folder.ts leaves it.
    chownSync(path.dirname(fixture.dir), USER.uid, USER.gid)
    const store = fixture.open({ owner: USER })
    await store.put('demo/production/openai', { token: 'old', fields: new Sensitive({ value: VALUE }), handle: null })
    await store.promote('demo/production/openai', 'old', null)
    return fixture
  }

  it('both use the store, because all of it belongs to the user', async () => {
    const fixture = await shared()
    for (const name of ['.', ...(readdirSync(fixture.dir, { recursive: true }) as string[])]) {
      const { uid, gid } = lstatSync(path.join(fixture.dir, name))
      expect([name, uid, gid]).toEqual([name, USER.uid, USER.gid])
    }
    expect(await runChild(fixture, VALUE, { op: 'put', token: 'new' }, USER, reach)).toEqual({ signal: null, error: null })
    expect(await fixture.open({ owner: USER }).versions('demo/production/openai')).toHaveLength(2)
  })

  it('get FILE_UNWRITABLE from a folder that may only be read, and nothing is changed', async () => {
    const fixture = await shared()
    for (const name of readdirSync(fixture.dir, { recursive: true }) as string[]) {
      const file = path.join(fixture.dir, name)
      chmodSync(file, lstatSync(file).isDirectory() ? 0o500 : 0o400)
    }
    chmodSync(fixture.dir, 0o500)
    for (const op of ['put', 'ready', 'withdraw'] as const) {
      const { error } = await runChild(fixture, VALUE, { op, token: 'new' }, USER, reach)
      expect(error?.code).toBe('FILE_UNWRITABLE')
      expect(error?.message).toContain(fixture.dir)
    }
    expect((await fixture.open({ owner: USER }).files()).map((file) => file.problem)).toEqual([null, null])
  })

  it('get FILE_UNREADABLE from files that may not be read', async () => {
    const fixture = await shared()
    for (const name of readdirSync(fixture.dir, { recursive: true }) as string[]) if (name.endsWith('.age')) chmodSync(path.join(fixture.dir, name), 0)
    const { error } = await runChild(fixture, VALUE, { op: 'withdraw' }, USER, reach)
    expect(error?.code).toBe('FILE_UNREADABLE')
    expect(error?.message).toContain('current.age')
  })
})
