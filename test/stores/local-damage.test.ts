import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Encrypter } from 'age-encryption'
import { describe, expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { newIdentity } from '../../src/stores/identity.ts'
import type { LocalStore } from '../../src/stores/local/store.ts'
import { findAge } from '../servers/age.ts'
import { canary, filesWithCanary } from '../support/canary.ts'
import { isMissing } from '../support/missing.ts'
import { reasonAgainstSmallDisk, smallDisk } from '../support/small-disk.ts'
import { type LocalFixture, localFixture } from './local-fixture.ts'

const PATH = 'demo/production/openai'
const OTHER = 'demo/production/other'
const VALUE = canary()
const FOLDER = 'paths/demo+production+openai'
const CURRENT = `${FOLDER}/current.age`
const FIRST = `${FOLDER}/versions/000001~t1.age`

const put = (store: LocalStore, token: string, pathOf = PATH, value = VALUE) =>
  store.put(pathOf, { token, fields: new Sensitive({ value }), handle: { rotator: 'random', params: {}, id: null } })

async function filled(): Promise<{ fixture: LocalFixture; store: LocalStore; file: (name: string) => string }> {
  const fixture = await localFixture()
  const store = fixture.open()
  for (const one of [PATH, OTHER]) {
    await put(store, 't1', one)
    await store.promote(one, 't1', null)
  }
  return { fixture, store, file: (name) => path.join(fixture.dir, name) }
}

async function thrown(work: Promise<unknown>): Promise<KeyturnError> {
  const error = await work.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(error instanceof KeyturnError)) throw error ?? new Error('nothing was thrown')
  expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain(VALUE)
  return error
}

const ageFile = async (text: string, ...recipients: string[]) => {
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return encrypter.encrypt(text)
}

const age = await findAge()

describe('the files of the local store', () => {
  it('hold no value in the clear, have mode 0600 and lie in folders of 0700', async () => {
    const { fixture } = await filled()
    expect(filesWithCanary(fixture.dir)).toEqual([])
    expect(statSync(fixture.dir).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(fixture.dir, { recursive: true }) as string[]) {
      const stat = statSync(path.join(fixture.dir, name))
      expect([name, (stat.mode & 0o777).toString(8)]).toEqual([name, stat.isDirectory() ? '700' : '600'])
    }
    expect(readFileSync(path.join(fixture.dir, 'lock'))).toHaveLength(0)
  })

  it.skipIf(isMissing('the age program', age.reason))('are read by the age program with either key', async () => {
    const { fixture, store } = await filled()
    const files = (await store.files()).map((one) => one.file)
    expect(files).toHaveLength(4)
    for (const [n, { identity }] of [fixture.me, fixture.recovery].entries()) {
      const key = path.join(fixture.dir, '..', `key-${n}.txt`)
      writeFileSync(key, identity.reveal(), { mode: 0o600 })
      for (const file of files) {
        const [record, seal, rest] = execFileSync(age.age ?? '', ['-d', '-i', key, path.join(fixture.dir, file)])
          .toString()
          .split('\n')
        expect(JSON.parse(record ?? '')).toMatchObject({ schema: 'keyturn/store@1', inventory: 'kt_demo', fields: { value: VALUE } })
        expect(JSON.parse(seal ?? '')).toMatchObject({ writer: fixture.me.recipient })
        expect(rest).toBe('')
      }
    }
  })

  it('are listed with what each is and who can read it', async () => {
    const { fixture, store } = await filled()
    const both = [fixture.me.recipient, fixture.recovery.recipient]
    expect((await store.files())[0]).toEqual({
      file: CURRENT,
      kind: 'current',
      path: PATH,
      token: null,
      readers: both,
      writer: fixture.me.recipient,
      problem: null,
    })
    expect((await store.files())[1]).toMatchObject({ file: FIRST, kind: 'version', path: PATH, token: 't1', problem: null })
  })
})

describe('a file of the local store', () => {
  type Spoil = (file: string, fixture: LocalFixture) => void | Promise<void>
  const spoils: readonly (readonly [string, RegExp, Spoil])[] = [
    ['empty', /empty/, (file) => truncateSync(file, 0)],
    ['cut short in its header', /cut short/, (file) => truncateSync(file, 100)],
    ['cut short in its body', /cut short/, (file) => truncateSync(file, statSync(file).size - 1)],
    [
      'changed in one bit',
      /damaged/,
      (file) => {
        const bytes = readFileSync(file)
        bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1
        writeFileSync(file, bytes)
      },
    ],
    ['no age file at all', /damaged/, (file) => writeFileSync(file, 'hello\n')],
    ['binary rubbish', /damaged/, (file) => writeFileSync(file, Buffer.alloc(5000, 0xff))],
    ['huge', /more than/, (file) => truncateSync(file, 2 ** 33)],
    ['encrypted to somebody else', /other keys/, async (file) => writeFileSync(file, await ageFile('{}', (await newIdentity()).recipient))],
    [
      'made with age alone by somebody who knows the recipients',
      /not written by Keyturn/,
      async (file, { me }) => writeFileSync(file, await ageFile('{"schema":"keyturn/store@1"}\n', me.recipient)),
    ],
    [
      'a link',
      /link/,
      (file) => {
        copyFileSync(file, `${file}.away`)
        rmSync(file)
        symlinkSync(`${file}.away`, file)
      },
    ],
    [
      'a folder',
      /not a regular file/,
      (file) => {
        rmSync(file)
        mkdirSync(file)
      },
    ],
    [
      'a pipe',
      /not a regular file/,
      (file) => {
        rmSync(file)
        execFileSync('mkfifo', [file])
      },
    ],
  ]

  it.each(spoils)('that is %s is named, and the others stay usable', async (_, seen, spoil) => {
    const { fixture, store, file } = await filled()
    await put(store, 't2')
    await spoil(file(CURRENT), fixture)
    const reading = await thrown(store.read([OTHER, PATH]))
    expect(reading.code).toBe('STORE_DAMAGED')
    expect(reading.message).toContain(file(CURRENT))
    expect(reading.message).toMatch(seen)
    expect((await thrown(store.promote(PATH, 't2', null))).code).toBe('STORE_DAMAGED')
    expect((await thrown(store.withdraw(PATH, ['value']))).code).toBe('STORE_DAMAGED')
    expect((await store.read([OTHER])).get(OTHER)?.fields.reveal()).toEqual({ value: VALUE })
    expect(await store.get(PATH, ['t1', 't2'])).toHaveLength(2)
    await store.ready()
    expect((await store.files()).filter((one) => one.problem).map((one) => one.file)).toEqual([CURRENT])
  })

  it.each(spoils)('that is %s and was a version is named, and the other versions stay usable', async (_, seen, spoil) => {
    const { fixture, store, file } = await filled()
    await put(store, 't2')
    await spoil(file(FIRST), fixture)
    for (const work of [
      () => store.versions(PATH),
      () => store.get(PATH, ['t2', 't1']),
      () => store.put(PATH, { token: 't1', fields: new Sensitive({ value: VALUE }), handle: null }),
    ]) {
      const error = await thrown(work())
      expect(error.code).toBe('STORE_DAMAGED')
      expect(error.message).toContain(file(FIRST))
      expect(error.message).toMatch(seen)
    }
    expect(await store.get(PATH, ['t2'])).toHaveLength(1)
    expect((await store.read([PATH])).size).toBe(1)
  })

  it('moved to another path, token or kind is refused by name', async () => {
    const { store, file } = await filled()
    await put(store, 't2')
    const moves: readonly (readonly [string, string, () => Promise<unknown>])[] = [
      [CURRENT, 'paths/demo+production+other/current.age', () => store.read([OTHER])],
      [FIRST, `${FOLDER}/versions/000002~t2.age`, () => store.get(PATH, ['t2'])],
      [FIRST, 'paths/demo+production+other/versions/000001~t1.age', () => store.versions(OTHER)],
      [FIRST, CURRENT, () => store.read([PATH])],
    ]
    for (const [from, to, work] of moves) {
      const before = readFileSync(file(to))
      copyFileSync(file(from), file(to))
      const error = await thrown(work())
      expect(error.code).toBe('STORE_DAMAGED')
      expect(error.message).toMatch(/moved here from its place/)
      writeFileSync(file(to), before)
    }
    await store.read([PATH, OTHER])
  })

  it('of another inventory with the same keys is refused', async () => {
    const { fixture, store } = await filled()
    const staging = fixture.open({ inventoryId: 'kt_staging' })
    const error = await thrown(staging.read([PATH]))
    expect(error.message).toMatch(/belongs to inventory kt_demo/)
    expect((await store.read([PATH])).size).toBe(1)
  })

  it('written by a later Keyturn is not touched', async () => {
    const { fixture, store, file } = await filled()
    const { sealTo } = await import('../../src/stores/local/envelope.ts')
    const { openKeyring } = await import('../../src/stores/local/keyring.ts')
    const body = new Sensitive<Uint8Array>(Buffer.from('{"schema":"keyturn/store@2"}'))
    writeFileSync(file(CURRENT), await sealTo(body, await openKeyring([fixture.me.identity]), [fixture.me.recipient]))
    expect((await thrown(store.read([PATH]))).code).toBe('STORE_NEWER')
  })

  it('written with a key that is no longer a recipient is refused, until somebody vouches for it again', async () => {
    const { fixture, store } = await filled()
    const guest = await newIdentity()
    await store.reencrypt([fixture.me.recipient, fixture.recovery.recipient, guest.recipient])
    const guests = fixture.open({ identity: async () => [guest.identity], recipients: [fixture.me.recipient, guest.recipient] })
    await put(guests, 'by-guest')
    expect((await thrown(store.get(PATH, ['by-guest']).then(() => fixture.open().get(PATH, ['by-guest'])))).message).toContain(
      `written with ${guest.recipient}`,
    )
    // `store` still lists the guest: taking it out rewrites what it wrote.
    await store.reencrypt([fixture.me.recipient, fixture.recovery.recipient])
    expect(await fixture.open().get(PATH, ['by-guest'])).toHaveLength(1)
  })
})

describe('the key of the local store', () => {
  it('is asked for once, and again after it was missing', async () => {
    const { fixture } = await filled()
    let asked = 0
    const store = fixture.open({
      identity: async () => {
        if (++asked === 1) throw new KeyturnError('IDENTITY_MISSING', 'not there')
        return [fixture.me.identity]
      },
    })
    expect((await thrown(store.read([PATH]))).code).toBe('IDENTITY_MISSING')
    for (let i = 0; i < 3; i++) await store.read([PATH, OTHER])
    expect(asked).toBe(2)
  })

  it('may be the recovery key', async () => {
    const { fixture } = await filled()
    const store = fixture.open({ identity: async () => [fixture.recovery.identity] })
    await put(store, 't2')
    expect(await fixture.open().get(PATH, ['t1', 't2'])).toHaveLength(2)
  })

  it('that is none of the recipients opens nothing and writes nothing', async () => {
    const { fixture } = await filled()
    const stranger = await newIdentity()
    const store = fixture.open({ identity: async () => [stranger.identity] })
    for (const work of [
      () => store.read([PATH]),
      () => store.versions(PATH),
      () => store.get(PATH, ['t1']),
      () => put(store, 't9'),
      () => store.ready(),
      () => store.reencrypt([stranger.recipient]),
    ]) {
      const error = await thrown(work())
      expect(error.code).toBe('IDENTITY_WRONG')
      expect(error.message).toContain(stranger.recipient)
      expect(error.message).not.toContain('AGE-SECRET-KEY')
    }
  })

  it('that is listed in the inventory but was never encrypted to is told from a damaged file', async () => {
    const { fixture } = await filled()
    const late = await newIdentity()
    const store = fixture.open({ identity: async () => [late.identity], recipients: [fixture.me.recipient, late.recipient] })
    expect((await thrown(store.read([PATH]))).code).toBe('IDENTITY_WRONG')
    expect((await thrown(store.ready())).code).toBe('IDENTITY_WRONG')
  })

  it.each([['nothing'], ['AGE-SECRET-KEY-1NONSENSE'], ['AGE-SECRET-KEY-PQ-1QQQQ']])('that is %s is refused without being quoted', async (text) => {
    const { fixture } = await filled()
    const error = await thrown(fixture.open({ identity: async () => [new Sensitive(text)] }).read([PATH]))
    expect(error.code).toBe('IDENTITY_WRONG')
    expect(error.message).not.toContain(text)
  })

  it('is not there at all: IDENTITY_MISSING', async () => {
    const { fixture } = await filled()
    expect((await thrown(fixture.open({ identity: async () => [] }).read([PATH]))).code).toBe('IDENTITY_MISSING')
  })

  it('cannot be asked to write to what is no X25519 recipient', async () => {
    const fixture = await localFixture()
    for (const bad of ['age1nonsense', 'ssh-ed25519 AAAA', fixture.me.recipient.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'))]) {
      const error = await thrown(put(fixture.open({ recipients: [fixture.me.recipient, bad] }), 't1'))
      expect(error.code).toBe('CONFIG_INVALID')
      expect(error.message).toContain(bad)
    }
  })
})

describe('reencrypt', () => {
  it('gives a new key everything, and a removed one nothing', async () => {
    const { fixture, store } = await filled()
    const added = await newIdentity()
    const withAdded = [fixture.me.recipient, added.recipient]
    expect(await store.reencrypt(withAdded)).toBe(4)
    expect(await store.reencrypt(withAdded)).toBe(0)
    const theirs = fixture.open({ identity: async () => [added.identity], recipients: withAdded })
    expect((await theirs.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ value: VALUE })
    const lost = fixture.open({ identity: async () => [fixture.recovery.identity] })
    expect((await thrown(lost.read([PATH]))).code).toBe('IDENTITY_WRONG')
    await put(store, 't3')
    expect(await theirs.get(PATH, ['t3'])).toHaveLength(1)
  })

  it('does the others where one file is damaged, and names that one', async () => {
    const { fixture, store, file } = await filled()
    truncateSync(file(CURRENT), 10)
    const error = await thrown(store.reencrypt([fixture.me.recipient]))
    expect(error.message).toContain(file(CURRENT))
    expect((await store.files()).filter((one) => !one.problem).map((one) => one.readers)).toEqual(Array(3).fill([fixture.me.recipient]))
  })
})

describe('paths and sizes', () => {
  it.each(['', '/a', 'a/', 'a//b', '..', 'a/../b', './a', 'a\0b', 'a\nb', '\ud800', 'x'.repeat(1025)])('the path %j is refused', async (bad) => {
    const fixture = await localFixture()
    const store = fixture.open()
    for (const work of [
      () => store.read([bad]),
      () => store.versions(bad),
      () => store.get(bad, ['t']),
      () => put(store, 't', bad),
      () => store.promote(bad, 't', null),
      () => store.drop(bad, 't'),
      () => store.withdraw(bad, []),
    ]) {
      expect((await thrown(work())).code).toBe('CONFIG_INVALID')
    }
  })

  it('a value that is too large is refused before anything is written', async () => {
    const { store } = await filled()
    expect((await thrown(put(store, 'big', PATH, 'x'.repeat(17 * 1024 * 1024)))).code).toBe('VALUE_REFUSED')
    expect(await store.versions(PATH)).toHaveLength(1)
  })
})

describe('the folder of the local store', () => {
  it('that others may enter is refused with the chmod that mends it', async () => {
    const { fixture, store } = await filled()
    chmodSync(fixture.dir, 0o750)
    for (const work of [() => put(store, 't2'), () => store.ready()]) {
      const error = await thrown(work())
      expect(error.code).toBe('STATE_INSECURE')
      expect(error.hint).toBe(`chmod 700 ${fixture.dir}`)
    }
    execFileSync('sh', ['-c', (await thrown(store.ready())).hint])
    await put(store, 't2')
  })

  it('held by another for too long is STORE_BUSY, and a lease that ends while waiting is LEASE_LOST', async () => {
    const { fixture } = await filled()
    const { DatabaseSync } = await import('node:sqlite')
    const holder = new DatabaseSync(path.join(fixture.dir, 'lock'))
    holder.exec('BEGIN EXCLUSIVE')
    expect((await thrown(put(fixture.open({ lockWaitMs: 30 }), 't2'))).code).toBe('STORE_BUSY')
    const lease = new AbortController()
    const waiting = thrown(fixture.open().put(PATH, { token: 't2', fields: new Sensitive({ value: VALUE }), handle: null }, lease.signal))
    lease.abort()
    expect((await waiting).code).toBe('LEASE_LOST')
    holder.close()
    await put(fixture.open(), 't2')
  })

  it('may be replaced while somebody waits for its lock', async () => {
    const { store, file } = await filled()
    const { DatabaseSync } = await import('node:sqlite')
    const holder = new DatabaseSync(file('lock'))
    holder.exec('BEGIN EXCLUSIVE')
    const waiting = put(store, 't2')
    rmSync(file('lock'))
    await waiting
    holder.close()
    expect(await store.versions(PATH)).toHaveLength(2)
  })

  it('whose lock file was written into is named', async () => {
    const { store, file } = await filled()
    writeFileSync(file('lock'), 'rubbish'.repeat(1000))
    const error = await thrown(put(store, 't2'))
    expect(error.hint).toContain(`rm ${file('lock')}`)
  })
})

describe('a full disk', () => {
  it.skipIf(isMissing('a full disk', reasonAgainstSmallDisk()))(
    'is DISK_FULL before anything is begun, and a write that does not fit leaves the old',
    async () => {
      const mount = smallDisk()
      const fixture = await localFixture()
      const store = fixture.open({ dir: path.join(mount, 'store') })
      await put(store, 't1')
      await store.promote(PATH, 't1', null)
      await store.ready()
      const large = canary(1_200_000)
      await put(store, 't2', PATH, large)
      expect((await thrown(store.ready())).code).toBe('DISK_FULL')
      expect((await thrown(put(store, 't3', PATH, large))).code).toBe('DISK_FULL')
      const old = fixture.fingerprints.of(new Sensitive({ value: VALUE }))
      expect((await thrown(store.promote(PATH, 't2', old))).code).toBe('DISK_FULL')
      expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ value: VALUE })
      expect(readdirSync(path.join(mount, 'store', 'tmp'))).toEqual([])
      await store.drop(PATH, 't2')
      await put(store, 't3', PATH, 'canary-small')
      await store.promote(PATH, 't3', old)
    },
  )
})
