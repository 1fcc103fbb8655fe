import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { type OutputFilesOptions, outputFiles } from '../../src/outputs/write.ts'
import type { LockedFile } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { canary } from '../support/canary.ts'
import { isMissing } from '../support/missing.ts'
import { mountPoint, whyNoMounts } from './mounts.ts'
import type { WriteTask } from './write-child.ts'

const root = process.getuid?.() === 0
const never = new AbortController().signal
let dir: string
let target: string
let lockDir: string

beforeEach(() => {
  dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-write-')))
  mkdirSync(path.join(dir, 'project'))
  target = path.join(dir, 'project', '.env')
  lockDir = path.join(dir, 'locks')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const filesOf = (options: Partial<OutputFilesOptions> = {}) =>
  outputFiles({ lockDir, isTracked: async () => ({ tracked: false }), random: { bytes: (n) => randomBytes(n) }, timeoutMs: 60_000, ...options })
const write = (text: string, options: Partial<OutputFilesOptions> = {}, perm = 0o600): Promise<LockedFile> =>
  filesOf(options).locked(target, never, async (file) => {
    await file.replace(new Sensitive(text), perm)
    return file
  })
const mode = (file: string) => statSync(file).mode & 0o7777
const inFolder = () => readdirSync(path.dirname(target)).sort()
const errorOf = async (work: Promise<unknown>): Promise<KeyturnError> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(KeyturnError)
  return error as KeyturnError
}

/** Root may do everything: such tests are done as somebody else. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (!root) return work()
  mkdirSync(lockDir)
  chmodSync(dir, 0o755)
  chownSync(lockDir, 65534, 65534)
  process.seteuid?.(65534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

function runChild(task: Omit<WriteTask, 'lockDir' | 'target'>): Promise<{ signal: string | null; code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'write-child.ts'), JSON.stringify({ lockDir, target, ...task })], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((done) => child.on('close', (code, signal) => done({ signal, code, stderr })))
}

describe('an output file', () => {
  it('is made with its mode, and nothing else stays in the folder', async () => {
    const before = process.umask(0o077)
    const text = `A=${canary()}\n`
    try {
      expect((await write(text, {}, 0o640)).notes).toEqual([])
    } finally {
      process.umask(before)
    }
    expect(readFileSync(target, 'utf8')).toBe(text)
    expect(mode(target)).toBe(0o640)
    expect(inFolder()).toEqual(['.env'])
    expect(mode(lockDir)).toBe(0o700)
  })

  it('reads as null where there is none, and as its text byte for byte where there is one', async () => {
    const read = () => filesOf().locked(target, never, async (file) => (await file.read())?.reveal() ?? null)
    expect(await read()).toBeNull()
    writeFileSync(target, '\uFEFFA=é\r\n')
    expect(await read()).toBe('\uFEFFA=é\r\n')
  })

  it.each([
    ['NUL', Buffer.from('A=1\nB=\0\n'), /line 2 holds a NUL byte/],
    ['not UTF-8', Buffer.from([0x41, 0x0a, 0x0a, 0xff]), /line 3 is not UTF-8/],
  ])('is refused as text with its line when it is %s', async (_, bytes, message) => {
    writeFileSync(target, bytes)
    const error = await errorOf(filesOf().locked(target, never, (file) => file.read()))
    expect(error.code).toBe('ENV_UNREADABLE')
    expect(error.message).toMatch(message)
    expect(error.message).toContain(target)
  })

  it('is not read when it is huge', async () => {
    writeFileSync(target, '')
    truncateSync(target, 16 * 1024 * 1024 + 1)
    expect((await errorOf(filesOf().locked(target, never, (file) => file.read()))).code).toBe('ENV_UNREADABLE')
  })

  it('stays behind its symbolic link, also one to another folder', async () => {
    mkdirSync(path.join(dir, 'elsewhere'))
    const real = path.join(dir, 'elsewhere', 'real.env')
    writeFileSync(real, 'A=old\n')
    symlinkSync('../elsewhere/real.env', target)
    await write('A=new\n')
    expect(lstatSync(target).isSymbolicLink()).toBe(true)
    expect(readFileSync(real, 'utf8')).toBe('A=new\n')
    expect(readdirSync(path.dirname(real))).toEqual(['real.env'])
  })

  it.each([
    ['leads nowhere', () => symlinkSync('missing', target)],
    ['leads in a circle', () => symlinkSync('.env', target)],
  ])('is refused as a symbolic link that %s', async (what, make) => {
    make()
    const error = await errorOf(write('A=1\n'))
    expect(error.code).toBe('FILE_UNWRITABLE')
    expect(error.message).toContain(what)
  })

  it('is refused as a folder, and in a folder that is not there', async () => {
    mkdirSync(target)
    expect((await errorOf(write('A=1\n'))).message).toContain('not a regular file')
    target = path.join(dir, 'nowhere', '.env')
    expect((await errorOf(write('A=1\n'))).message).toContain('its folder does not exist')
  })

  it('is refused when git tracks it, and a doubt becomes a note', async () => {
    writeFileSync(target, 'A=old\n')
    const error = await errorOf(write('A=new\n', { isTracked: async () => ({ tracked: true }) }))
    expect(error.code).toBe('OUTPUT_TRACKED')
    expect(readFileSync(target, 'utf8')).toBe('A=old\n')
    expect((await write('A=new\n', { isTracked: async () => ({ tracked: false, note: 'git is away' }) })).notes).toEqual(['git is away'])
  })

  it('keeps the old text when the lease ends before the rename', async () => {
    writeFileSync(target, 'A=old\n')
    const lease = new AbortController()
    const late = filesOf({ fault: (point) => point === 'temp written' && lease.abort() })
    const error = await errorOf(late.locked(target, lease.signal, (file) => file.replace(new Sensitive(`A=${canary()}\n`), 0o600)))
    expect(error.code).toBe('LEASE_LOST')
    expect(readFileSync(target, 'utf8')).toBe('A=old\n')
    expect(inFolder()).toEqual(['.env'])
  })

  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EIO', 'FILE_UNWRITABLE'],
  ])('keeps the old text when the disk says %s in the middle', async (code, expected) => {
    writeFileSync(target, 'A=old\n')
    const fault = (point: string) => {
      if (point === 'temp half written') throw Object.assign(new Error(`canary-message ${code}`), { code })
    }
    const error = await errorOf(write(`A=${canary()}\n`, { fault }))
    expect([error.code, error.message.includes('canary')]).toEqual([expected, false])
    expect(readFileSync(target, 'utf8')).toBe('A=old\n')
    expect(inFolder()).toEqual(['.env'])
  })

  it('says that it was interrupted when it was', async () => {
    const stop = new AbortController()
    const files = filesOf({ fault: () => stop.abort(new KeyturnError('INTERRUPTED', 'Ctrl-C')) })
    expect((await errorOf(files.locked(target, stop.signal, (file) => file.replace(new Sensitive('A=1\n'), 0o600)))).code).toBe('INTERRUPTED')
    expect(inFolder()).toEqual([])
  })

  it.skipIf(isMissing('ownership of outputs', root ? null : 'not root'))('keeps its owner, and a new one belongs to whom its folder does', async () => {
    writeFileSync(target, 'A=old\n')
    chownSync(target, 12345, 54321)
    await write('A=new\n')
    expect([statSync(target).uid, statSync(target).gid]).toEqual([12345, 54321])
    rmSync(target)
    chownSync(path.dirname(target), 11111, 22222)
    await write('A=new\n')
    expect([statSync(target).uid, statSync(target).gid]).toEqual([11111, 22222])
    rmSync(target)
    await write('A=new\n', { owner: { uid: 33333, gid: 44444 } })
    expect(statSync(target).uid).toBe(33333)
  })

  it('is refused in a folder that may not be written', async () => {
    writeFileSync(target, 'A=old\n')
    chmodSync(path.dirname(target), 0o555)
    const error = await asOrdinaryUser(() => errorOf(write('A=new\n')))
    chmodSync(path.dirname(target), 0o755)
    expect([error.code, error.message]).toEqual(['FILE_UNWRITABLE', `${target}: cannot write it (EACCES)`])
    expect(readFileSync(target, 'utf8')).toBe('A=old\n')
  })

  it.skipIf(isMissing('outputs of another user', root ? null : 'not root'))('is refused when it would change its owner', async () => {
    writeFileSync(target, 'A=old\n', { mode: 0o666 })
    chmodSync(path.dirname(target), 0o777)
    const error = await asOrdinaryUser(() => errorOf(write('A=new\n')))
    expect(error.message).toContain('it belongs to user 0')
    expect(inFolder()).toEqual(['.env'])
  })
})

describe('a writer killed with SIGKILL', () => {
  it('leaves the old or the new at every point, and the next one leaves nothing behind', { timeout: 120_000 }, async () => {
    const old = `A=${'o'.repeat(20_000)}\n`
    const text = `A=${'n'.repeat(30_000)}\n`
    const seen = new Set<string>()
    let kills = 0
    for (let killAt = 1; ; killAt++) {
      writeFileSync(target, old, { mode: 0o600 })
      const { signal, stderr } = await runChild({ text, killAt })
      if (signal === null) {
        expect(stderr).toBe('')
        break
      }
      expect(signal).toBe('SIGKILL')
      kills++
      const left = readFileSync(target, 'utf8')
      expect([old, text]).toContain(left)
      seen.add(left === old ? 'old' : 'new')
      for (const name of inFolder()) expect(mode(path.join(path.dirname(target), name)) & 0o077).toBe(0)
      await write('A=after\n')
      expect(inFolder()).toEqual(['.env'])
      expect(readFileSync(target, 'utf8')).toBe('A=after\n')
    }
    expect(kills).toBe(4)
    expect([...seen].sort()).toEqual(['new', 'old'])
  })

  it('gives its lock back, and the one that waits goes on', { timeout: 60_000 }, async () => {
    const child = spawn(
      process.execPath,
      [path.join(import.meta.dirname, 'write-child.ts'), JSON.stringify({ lockDir, target, text: '', killAt: 0, hold: true })],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await new Promise((held) => child.stdout.once('data', held))
    const refused = await errorOf(filesOf({ timeoutMs: 50 }).locked(target, never, async () => {}))
    expect(refused.code).toBe('OUTPUT_LOCKED')
    const stop = new AbortController()
    const waiting = errorOf(filesOf().locked(target, stop.signal, async () => {}))
    stop.abort()
    expect((await waiting).code).toBe('LEASE_LOST')
    const next = write('A=next\n')
    child.kill('SIGKILL')
    await next
    expect(readFileSync(target, 'utf8')).toBe('A=next\n')
  })
})

describe('a file that somebody else writes without our lock', () => {
  const between = (change: () => void): Promise<unknown> => {
    const files = filesOf({ fault: (point) => point === 'temp written' && change() })
    return files.locked(target, never, async (file) => file.replace(new Sensitive(`${(await file.read())?.reveal() ?? ''}B=2\n`), 0o600))
  }

  it.each([
    ['changed', 'A=1\n', () => writeFileSync(target, 'A=mine\n'), 'A=mine\n'],
    ['made', null, () => writeFileSync(target, 'A=mine\n'), 'A=mine\n'],
    ['removed', 'A=1\n', () => rmSync(target), null],
  ])('is left as it is when it was %s since it was read, and the next write goes on from it', async (_, first, change, left) => {
    if (first !== null) writeFileSync(target, first)
    const error = await errorOf(between(change))
    expect([error.code, error.retryable]).toEqual(['OUTPUT_CHANGED', true])
    expect(existsSync(target) ? readFileSync(target, 'utf8') : null).toBe(left)
    expect(inFolder()).toEqual(left === null ? [] : ['.env'])
    await between(() => {})
    expect(readFileSync(target, 'utf8')).toBe(`${left ?? ''}B=2\n`)
  })

  it('may be replaced twice under one lock', async () => {
    await filesOf().locked(target, never, async (file) => {
      expect(await file.read()).toBeNull()
      for (const text of ['A=1\n', 'A=2\n']) await file.replace(new Sensitive(text), 0o600)
    })
    expect(readFileSync(target, 'utf8')).toBe('A=2\n')
  })
})

describe('writers at the same time', () => {
  it('lose nothing of each other, in several processes and in one, through a link as well', { timeout: 60_000 }, async () => {
    writeFileSync(target, '')
    const link = path.join(dir, 'link.env')
    symlinkSync(target, link)
    const mine = Promise.all(
      [target, link].map(async (name, n) => {
        for (let i = 0; i < 8; i++)
          await filesOf().locked(name, never, async (file) => file.replace(new Sensitive(`${(await file.read())?.reveal()}m${n}${i}\n`), 0o600))
      }),
    )
    const children = await Promise.all(['a', 'b'].map((text) => runChild({ text, append: true, times: 8, killAt: 0 })))
    await mine
    expect(children.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    const lines = readFileSync(target, 'utf8').trim().split('\n')
    expect(new Set(lines).size).toBe(32)
    expect(lines).toHaveLength(32)
    // Their locks are gone with them.
    expect(readdirSync(lockDir)).toEqual([])
  })
})

describe.skipIf(isMissing('outputs on full disks and mounted files', whyNoMounts()))('on a file system of its own', () => {
  it('keeps the old text on a full disk, and removes the temporary file', async () => {
    using mounted = mountPoint.tmpfs(path.join(dir, 'project'), '64k')
    expect(existsSync(mounted.at)).toBe(true)
    await write('A=old\n')
    const error = await errorOf(write(`A=${canary().repeat(4000)}\n`))
    expect(error.code).toBe('DISK_FULL')
    expect(readFileSync(target, 'utf8')).toBe('A=old\n')
    expect(inFolder()).toEqual(['.env'])
  })

  it('is refused on one that is read-only', async () => {
    writeFileSync(target, 'A=old\n')
    using _ = mountPoint.readOnly(path.join(dir, 'project'))
    const error = await errorOf(write('A=new\n'))
    expect(error.code).toBe('FILE_UNWRITABLE')
    expect(error.message).toContain('EROFS')
  })

  it('writes a mounted single file in place and says so', async () => {
    writeFileSync(target, `A=${'o'.repeat(500)}\n`)
    using _ = mountPoint.file(target)
    const { notes } = await write('A=new\n', {}, 0o640)
    expect(notes?.join()).toContain('written in place')
    expect(readFileSync(target, 'utf8')).toBe('A=new\n')
    expect(mode(target)).toBe(0o640)
    expect(inFolder()).toEqual(['.env'])
  })

  it('finishes a write in place that was killed, at every point', { timeout: 60_000 }, async () => {
    const old = `A=${'o'.repeat(3000)}\n`
    writeFileSync(target, old)
    using _ = mountPoint.file(target)
    for (const text of [`A=${'n'.repeat(500)}\n`, `A=${'n'.repeat(9000)}\n`]) {
      let halves = 0
      for (let killAt = 4; ; killAt++) {
        writeFileSync(target, old)
        if ((await runChild({ text, killAt })).signal === null) break
        if (![old, text].includes(readFileSync(target, 'utf8'))) halves++
        await filesOf().locked(target, never, async (file) => expect([old, text]).toContain((await file.read())?.reveal()))
        await write('A=after\n')
        expect(inFolder()).toEqual(['.env'])
      }
      expect(halves).toBe(1)
    }
  })

  it('leaves a file alone that a person mended after a kill', { timeout: 60_000 }, async () => {
    writeFileSync(target, `A=${'o'.repeat(3000)}\n`)
    using _ = mountPoint.file(target)
    expect((await runChild({ text: `A=${'n'.repeat(500)}\n`, killAt: 5 })).signal).toBe('SIGKILL')
    expect(inFolder()).toHaveLength(2)
    writeFileSync(target, 'A=mended\n')
    await filesOf().locked(target, never, async (file) => expect((await file.read())?.reveal()).toBe('A=mended\n'))
    expect(inFolder()).toEqual(['.env'])
  })
})
