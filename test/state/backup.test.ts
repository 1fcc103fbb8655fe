import { execFile } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { fingerprinter } from '../../src/fingerprint.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { packArchive, unpackArchive } from '../../src/state/archive.ts'
import { type BackupOptions, makeBackup, writeBackup } from '../../src/state/backup.ts'
import { checkStateFolder } from '../../src/state/folder.ts'
import { finishRestore, readBackup, restoreBackup, restoreKeys } from '../../src/state/restore.ts'
import { type Identity, newIdentity, writeIdentity } from '../../src/stores/identity.ts'
import { openSealer } from '../../src/stores/local/sealer.ts'
import { type LocalStore, openLocalStore } from '../../src/stores/local/store.ts'
import { canary, filesWithCanary } from '../support/canary.ts'
import { manualClock } from '../support/clock.ts'
import { isMissing } from '../support/missing.ts'
import { seededRandom } from '../support/random.ts'
import { reasonAgainstSmallDisk, smallDisk } from '../support/small-disk.ts'
import { pathsIn, type RestoreTask } from './backup-child.ts'

const PATH = 'demo/production/openai'
const OLD = canary()
const NEW = canary()
const INVENTORY = new Map([['secrets.yaml', Buffer.from('id: kt_demo\n')]])

interface Machine {
  readonly folder: string
  readonly paths: ReturnType<typeof pathsIn>
  readonly me: Identity
  readonly store: LocalStore
  /** What stands in the ledger. */
  events(): readonly string[]
  append(text: string): void
  backup(more?: Partial<BackupOptions>): Promise<Uint8Array>
  sealer(identity?: Identity): ReturnType<typeof openSealer>
}

function temporary(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyturn-backup-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function machine(me?: Identity, folder = temporary()): Promise<Machine> {
  const paths = pathsIn(folder)
  const identity = me ?? (await newIdentity())
  const clock = manualClock()
  const store = openLocalStore({
    dir: paths.store,
    inventoryId: 'kt_demo',
    identity: async () => [identity.identity],
    recipients: [identity.recipient],
    fingerprints: async () => fingerprinter('ktest', new Sensitive(new Uint8Array(32))),
    clock,
    random: seededRandom(folder),
  })
  const open = () => {
    mkdirSync(paths.state, { recursive: true, mode: 0o700 })
    const db = new DatabaseSync(paths.ledger, { timeout: 5000 })
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS events (text TEXT) STRICT')
    return db
  }
  const sealer = (by = identity) => openSealer({ identity: async () => [by.identity], recipients: [identity.recipient], trusted: [identity.recipient] })
  return {
    folder,
    paths,
    me: identity,
    store,
    sealer,
    events() {
      const db = open()
      const rows = db.prepare('SELECT text FROM events ORDER BY rowid').all() as { text: string }[]
      db.close()
      return rows.map((row) => row.text)
    },
    append(text) {
      const db = open()
      db.prepare('INSERT INTO events VALUES (?)').run(text)
      db.close()
    },
    backup: (more) => makeBackup({ paths, inventoryId: 'kt_demo', inventoryFiles: INVENTORY, sealer: sealer(), clock, tool: '1.2.3', ...more }),
  }
}

async function put(store: LocalStore, token: string, value: string): Promise<void> {
  await store.put(PATH, { token, fields: new Sensitive({ [token]: value }), handle: null })
  await store.promote(PATH, token, null)
}

const fieldsOf = async (store: LocalStore) => (await store.read([PATH])).get(PATH)?.fields.reveal()

/** A machine with a backup file of an older state, and a newer state since. */
async function restorable(): Promise<Machine & { readonly file: string }> {
  const one = await machine()
  one.append('first')
  await put(one.store, 'old', OLD)
  const file = path.join(one.folder, 'demo.backup')
  await writeBackup(file, await one.backup(), { random: seededRandom(file), owner: null })
  one.append('second')
  await put(one.store, 'new', NEW)
  return { ...one, file }
}

async function thrown(work: Promise<unknown>): Promise<KeyturnError> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  )
  if (!(error instanceof KeyturnError)) throw error
  return error
}

describe('a backup', () => {
  it('is one encrypted file of 0600 that is never overwritten', async () => {
    const { file, folder, backup } = await restorable()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file).subarray(0, 21).toString()).toBe('age-encryption.org/v1')
    expect(filesWithCanary(folder)).toEqual([])
    const again = await thrown(writeBackup(file, await backup(), { random: seededRandom(1), owner: null }))
    expect(again.code).toBe('FILE_UNWRITABLE')
    expect(readdirSync(folder).filter((name) => name.startsWith('.tmp'))).toEqual([])
  })

  it('holds ledger, store and inventory, and the keys only when asked', async () => {
    const one = await restorable()
    await writeIdentity(one.me, { file: one.paths.identityFile, clock: manualClock(), random: seededRandom(2) })
    const names = async (withKeys: boolean) => {
      const file = path.join(one.folder, `${withKeys}.backup`)
      writeFileSync(file, await one.backup({ withKeys }))
      return [...(await readBackup(file, one.sealer(), 'kt_demo')).files.keys()]
    }
    const plain = [
      'inventory/secrets.yaml',
      'ledger.db',
      ...['current.age', 'versions/000001~old.age', 'versions/000002~new.age'].map((name) => `store/paths/demo+production+openai/${name}`),
    ]
    expect((await names(false)).sort()).toEqual(plain)
    expect((await names(true)).sort()).toEqual([...plain, 'keys/identity.txt'].sort())
  })

  it('has the same plain bytes for the same state', async () => {
    const one = await restorable()
    const plain = async () => (await one.sealer().open(await one.backup())).bytes.toString('hex')
    expect(await plain()).toBe(await plain())
  })

  it('is consistent while others write', async () => {
    const one = await restorable()
    const db = new DatabaseSync(one.paths.ledger)
    db.exec("BEGIN IMMEDIATE; INSERT INTO events VALUES ('not yet')")
    const during = one.backup()
    await put(one.store, 'meanwhile', NEW)
    const file = path.join(one.folder, 'during.backup')
    writeFileSync(file, await during)
    db.exec('COMMIT')
    db.close()
    const backup = await readBackup(file, one.sealer(), 'kt_demo')
    const copy = new DatabaseSync(':memory:')
    copy.deserialize(Uint8Array.from(backup.files.get('ledger.db') ?? []))
    expect(copy.prepare('SELECT text FROM events').all()).toEqual([{ text: 'first' }, { text: 'second' }])
  })

  it('of nothing is refused', async () => {
    expect((await thrown((await machine()).backup())).code).toBe('RESTORE_NEEDED')
  })

  it('of a ledger that is no database is refused', async () => {
    const one = await restorable()
    rmSync(`${one.paths.ledger}-wal`, { force: true })
    writeFileSync(one.paths.ledger, 'rubbish'.repeat(1000))
    expect((await thrown(one.backup())).code).toBe('LEDGER_DAMAGED')
  })
})

describe('a restore', () => {
  it('puts the older state in place and keeps the newer one', async () => {
    const one = await restorable()
    const backup = await readBackup(one.file, one.sealer(), 'kt_demo')
    const restored = await restoreBackup({ paths: one.paths, backup, clock: manualClock(), random: seededRandom(3) })
    expect(restored).toEqual({ inventoryId: 'kt_demo', createdAt: manualClock().now(), kept: path.join(one.paths.state, 'before-restore-20260105T090000Z') })
    expect(one.events()).toEqual(['first'])
    expect(await fieldsOf(one.store)).toEqual({ old: OLD })
    const before = new DatabaseSync(path.join(restored.kept, 'ledger.db'))
    expect(before.prepare('SELECT text FROM events').all()).toEqual([{ text: 'first' }, { text: 'second' }])
    before.close()
    expect(readdirSync(path.join(restored.kept, 'store/paths/demo+production+openai/versions'))).toHaveLength(2)
    expect(readdirSync(one.paths.state).sort()).toEqual(['before-restore-20260105T090000Z', 'ledger.db', 'restore.lock', 'store'])
    await put(one.store, 'after', NEW)
    one.append('third')
    expect(one.events()).toEqual(['first', 'third'])
    expect(checkStateFolder({ paths: one.paths, project: '/project', declared: true })).toBe(true)
  })

  it('works on an empty machine with the key alone', async () => {
    const one = await restorable()
    const fresh = await machine(one.me)
    const sealer = openSealer({ identity: async () => [one.me.identity], recipients: [], trusted: null })
    const backup = await readBackup(one.file, sealer, null)
    await restoreBackup({ paths: fresh.paths, backup, clock: manualClock(), random: seededRandom(3) })
    expect(fresh.events()).toEqual(['first'])
    expect(await fieldsOf(fresh.store)).toEqual({ old: OLD })
    expect(backup.files.get('inventory/secrets.yaml')?.toString()).toBe('id: kt_demo\n')
    for (const name of readdirSync(fresh.paths.state, { recursive: true }) as string[]) {
      const stat = statSync(path.join(fresh.paths.state, name))
      if (!/ledger\.db-/.test(name)) expect([name, stat.mode & 0o077]).toEqual([name, 0])
    }
  })

  it('brings back the keys, but never over others', async () => {
    const one = await restorable()
    await writeIdentity(one.me, { file: one.paths.identityFile, clock: manualClock(), random: seededRandom(2) })
    const file = path.join(one.folder, 'keys.backup')
    writeFileSync(file, await one.backup({ withKeys: true }))
    const backup = await readBackup(file, one.sealer(), 'kt_demo')
    const fresh = await machine()
    expect(await restoreKeys({ paths: fresh.paths, backup, random: seededRandom(4) })).toEqual([fresh.paths.identityFile])
    expect(readFileSync(fresh.paths.identityFile)).toEqual(readFileSync(one.paths.identityFile))
    expect(statSync(fresh.paths.identityFile).mode & 0o777).toBe(0o600)
    expect(await restoreKeys({ paths: fresh.paths, backup, random: seededRandom(5) })).toEqual([])
  })

  it('is seen by a process that has the ledger open, and that can go on', async () => {
    const one = await restorable()
    const open = new DatabaseSync(one.paths.ledger, { timeout: 5000 })
    const read = open.prepare('SELECT text FROM events')
    expect(read.all()).toHaveLength(2)
    await restoreBackup({ paths: one.paths, backup: await readBackup(one.file, one.sealer(), 'kt_demo'), clock: manualClock(), random: seededRandom(3) })
    expect(read.all()).toEqual([{ text: 'first' }])
    open.exec("INSERT INTO events VALUES ('from before')")
    open.close()
    expect(one.events()).toEqual(['first', 'from before'])
  })

  it('replaces a ledger that is damaged, and keeps it', async () => {
    const one = await restorable()
    for (const end of ['-wal', '-shm']) rmSync(`${one.paths.ledger}${end}`, { force: true })
    writeFileSync(one.paths.ledger, 'rubbish'.repeat(1000), { mode: 0o600 })
    const { kept } = await restoreBackup({
      paths: one.paths,
      backup: await readBackup(one.file, one.sealer(), 'kt_demo'),
      clock: manualClock(),
      random: seededRandom(3),
    })
    expect(one.events()).toEqual(['first'])
    expect(readFileSync(path.join(kept, 'damaged-ledger.db'), 'utf8')).toMatch(/^rubbish/)
  })

  it('that is refused by the one who looks into it touches nothing', async () => {
    const one = await restorable()
    const verify = async ({ ledger, store }: { ledger: string; store: string }) => {
      expect(existsSync(ledger) && existsSync(path.join(store, 'paths'))).toBe(true)
      throw new KeyturnError('BACKUP_INVALID', 'its chain is broken')
    }
    const work = restoreBackup({
      paths: one.paths,
      backup: await readBackup(one.file, one.sealer(), 'kt_demo'),
      clock: manualClock(),
      random: seededRandom(3),
      verify,
    })
    expect((await thrown(work)).message).toBe('its chain is broken')
    expect(one.events()).toEqual(['first', 'second'])
    expect(readdirSync(one.paths.state).sort()).toEqual(['ledger.db', 'restore.lock', 'store'])
  })

  it.skipIf(isMissing('a full disk', reasonAgainstSmallDisk()))(
    'that the disk cannot hold leaves the old state, and goes through once there is space',
    async () => {
      const one = await machine(undefined, smallDisk())
      one.append('old')
      await put(one.store, 'old', OLD)
      const file = path.join(temporary(), 'demo.backup')
      await put(one.store, 'large', canary(600_000))
      writeFileSync(file, await one.backup())
      one.append('new')
      const options = { paths: one.paths, backup: await readBackup(file, one.sealer(), 'kt_demo'), clock: manualClock(), random: seededRandom(3) }
      expect((await thrown(restoreBackup(options))).code).toBe('DISK_FULL')
      expect(one.events()).toEqual(['old', 'new'])
      expect(readdirSync(one.paths.state).sort()).toEqual(['ledger.db', 'restore.lock', 'store'])
      await one.store.drop(PATH, 'large')
      await restoreBackup(options)
      expect(one.events()).toEqual(['old'])
    },
  )

  it('while another writes waits, and says so when it takes too long', async () => {
    const one = await restorable()
    const backup = await readBackup(one.file, one.sealer(), 'kt_demo')
    const holder = new DatabaseSync(path.join(one.paths.store, 'lock'))
    holder.exec('BEGIN EXCLUSIVE')
    const options = { paths: one.paths, random: seededRandom(3), lockWaitMs: 50 }
    expect((await thrown(restoreBackup({ ...options, backup, clock: manualClock() }))).code).toBe('STORE_BUSY')
    expect(one.events()).toEqual(['first', 'second'])
    holder.close()
    expect((await thrown(restoreBackup({ ...options, backup, clock: manualClock() }))).code).toBe('RESTORE_NEEDED')
    expect((await finishRestore(options))?.inventoryId).toBe('kt_demo')
    expect(one.events()).toEqual(['first'])
    expect(await finishRestore(options)).toBeNull()
  })
})

describe('a file that is no usable backup', () => {
  type Spoil = (file: string, one: Machine) => void | Promise<void>
  const reseal = async (file: string, one: Machine, change: (plain: Buffer) => Buffer) =>
    writeFileSync(file, await one.sealer().seal(change((await one.sealer().open(readFileSync(file))).bytes)))
  const cases: readonly (readonly [string, string, Spoil])[] = [
    ['empty', 'BACKUP_INVALID', (file) => truncateSync(file, 0)],
    ['something else', 'BACKUP_INVALID', (file) => writeFileSync(file, 'hello')],
    ['cut short', 'BACKUP_INVALID', (file) => truncateSync(file, statSync(file).size - 100)],
    [
      'changed in one bit',
      'BACKUP_INVALID',
      (file) => {
        const bytes = readFileSync(file)
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
        writeFileSync(file, bytes)
      },
    ],
    ['missing', 'FILE_UNREADABLE', (file) => rmSync(file)],
    [
      'a folder',
      'FILE_UNREADABLE',
      (file) => {
        rmSync(file)
        mkdirSync(file)
      },
    ],
    ['huge', 'FILE_UNREADABLE', (file) => truncateSync(file, 2 ** 40)],
    ['of somebody else', 'IDENTITY_WRONG', async (file) => writeFileSync(file, await (await filledMachine()).backup())],
    [
      'sealed by somebody who is no recipient',
      'BACKUP_INVALID',
      async (file, one) => {
        const stranger = await newIdentity()
        const sealer = openSealer({ identity: async () => [stranger.identity], recipients: [stranger.recipient, one.me.recipient], trusted: null })
        writeFileSync(file, await sealer.seal((await one.sealer().open(readFileSync(file))).bytes))
      },
    ],
    ['of another inventory', 'INVENTORY_ID_MISMATCH', async (file, one) => writeFileSync(file, await one.backup({ inventoryId: 'kt_other' }))],
    [
      'of a later format',
      'BACKUP_INVALID',
      (file, one) => reseal(file, one, (plain) => Buffer.from(plain.toString('latin1').replace('keyturn/backup@1', 'keyturn/backup@2'), 'latin1')),
    ],
    ['without a list', 'BACKUP_INVALID', (file, one) => reseal(file, one, () => Buffer.from('no list'))],
    ['with one byte more', 'BACKUP_INVALID', (file, one) => reseal(file, one, (plain) => Buffer.concat([plain, Buffer.from('x')]))],
    ['with one byte less', 'BACKUP_INVALID', (file, one) => reseal(file, one, (plain) => plain.subarray(0, -1))],
    [
      'with a file that climbs out',
      'BACKUP_INVALID',
      (file, one) => reseal(file, one, (plain) => packArchive({ ...unpackArchive(plain), files: new Map([['store/paths/../../x.age', Buffer.from('x')]]) })),
    ],
    [
      'with a ledger that is none',
      'BACKUP_INVALID',
      (file, one) => reseal(file, one, (plain) => packArchive({ ...unpackArchive(plain), files: new Map([['ledger.db', Buffer.from('x'.repeat(5000))]]) })),
    ],
  ]

  async function filledMachine(): Promise<Machine> {
    const one = await machine()
    one.append('theirs')
    return one
  }

  it.each(cases)('because it is %s is %s, and nothing is touched', async (_, code, spoil) => {
    const one = await restorable()
    await spoil(one.file, one)
    const before = readdirSync(one.paths.state, { recursive: true }).sort()
    expect((await thrown(readBackup(one.file, one.sealer(), 'kt_demo'))).code).toBe(code)
    expect(readdirSync(one.paths.state, { recursive: true }).sort()).toEqual(before)
  })
})

describe('a restore killed with SIGKILL at any point', () => {
  it('leaves the old state, or one that the next run ends', { timeout: 120_000 }, async () => {
    const one = await restorable()
    const identityFile = path.join(one.folder, 'identity.txt')
    await writeIdentity(one.me, { file: identityFile, clock: manualClock(), random: seededRandom(2) })
    const saved = path.join(one.folder, 'saved')
    // The folder as it is, without a log beside the ledger.
    cpSync(one.paths.state, saved, { recursive: true })
    let [old, ended] = [0, 0]
    for (let killAt = 1; ; killAt++) {
      rmSync(one.paths.state, { recursive: true })
      cpSync(saved, one.paths.state, { recursive: true })
      chmodSync(one.paths.state, 0o700)
      if ((await runChild({ folder: one.folder, file: one.file, identityFile, killAt })) === null) break
      const options = { paths: one.paths, random: seededRandom(killAt) }
      if (await finishRestore(options)) ended++
      else {
        old++
        expect(one.events()).toEqual(['first', 'second'])
        expect(await fieldsOf(one.store)).toEqual({ old: OLD, new: NEW })
        await restoreBackup({ ...options, backup: await readBackup(one.file, one.sealer(), 'kt_demo'), clock: { now: () => 1_800_000_000_000 } })
      }
      expect(one.events()).toEqual(['first'])
      expect(await fieldsOf(one.store)).toEqual({ old: OLD })
      const kept = path.join(one.paths.state, 'before-restore-20270115T080000Z')
      const before = new DatabaseSync(path.join(kept, 'ledger.db'))
      expect(before.prepare('SELECT text FROM events').all()).toHaveLength(2)
      before.close()
      expect(readdirSync(path.join(kept, 'store/paths/demo+production+openai/versions'))).toHaveLength(2)
      expect(readdirSync(one.paths.state).sort()).toEqual(['before-restore-20270115T080000Z', 'ledger.db', 'restore.lock', 'store'])
    }
    expect(old).toBeGreaterThan(5)
    expect(ended).toBeGreaterThan(5)
  })

  /** The signal that ended it, if one did. */
  function runChild(task: RestoreTask): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const child = path.join(import.meta.dirname, 'backup-child.ts')
      execFile(process.execPath, ['--disable-warning=ExperimentalWarning', child, JSON.stringify(task)], (error, _, stderr) => {
        if (error && !error.signal) reject(new Error(stderr))
        else resolve(error?.signal ?? null)
      })
    })
  }
})
