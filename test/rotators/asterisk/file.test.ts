import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfFile, replaceConfFile, touchConfFile } from '../../../src/rotators/asterisk/file.ts'
import { expandGlob } from '../../../src/rotators/asterisk/glob.ts'
import { withFileLock } from '../../../src/rotators/asterisk/lock.ts'

let dir: string
let file: string
const never = new AbortController().signal
const root = process.getuid?.() === 0

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'keyturn-file-'))
  file = path.join(dir, 'ari.conf')
  writeFileSync(file, 'before\n', { mode: 0o640 })
})
afterEach(() => {
  chmodSync(dir, 0o700)
  rmSync(dir, { recursive: true })
})

test('a file is replaced whole, with its mode, and with a time of its own also within one tick of the clock', async () => {
  chmodSync(file, 0o640)
  let text = 'before\n'
  for (let i = 0; i < 20; i++) {
    const { mtimeMs, ino } = statSync(file)
    const next = `after${i % 10}\n`
    expect(await replaceConfFile(file, text, next, never)).toBe(true)
    text = next
    expect(readFileSync(file, 'utf8')).toBe(next)
    const now = statSync(file)
    expect(now.mtimeMs - mtimeMs).toBeGreaterThan(9)
    expect(now.ino).not.toBe(ino)
    expect(now.mode & 0o7777).toBe(0o640)
  }
  expect(readdirSync(dir)).toEqual(['ari.conf'])
})

test('bytes that are no UTF-8 come through', async () => {
  const bytes = String.fromCharCode(...Array.from({ length: 255 }, (_, i) => i + 1))
  await replaceConfFile(file, 'before\n', bytes, never)
  expect(await readConfFile(file)).toBe(bytes)
  expect(readFileSync(file)).toHaveLength(255)
})

test('a file that somebody changed since it was read is left alone', async () => {
  writeFileSync(file, 'theirs\n')
  expect(await replaceConfFile(file, 'before\n', 'ours\n', never)).toBe(false)
  expect(readFileSync(file, 'utf8')).toBe('theirs\n')
  expect(readdirSync(dir)).toEqual(['ari.conf'])
})

test('nothing is written once the lease has ended', async () => {
  const reason = new Error('the lease ended')
  await expect(replaceConfFile(file, 'before\n', 'after\n', AbortSignal.abort(reason))).rejects.toBe(reason)
  expect(readFileSync(file, 'utf8')).toBe('before\n')
  expect(readdirSync(dir)).toEqual(['ari.conf'])
})

test('a writer that is killed at any time leaves one whole text, and nothing that the next one does not take away', async () => {
  const source = path.resolve('src/rotators/asterisk/file.ts')
  const code = `const { replaceConfFile, readConfFile } = await import(${JSON.stringify(source)}); const file = process.argv[1]; console.log('ready')
    for (let i = 0; ; i++) await replaceConfFile(file, await readConfFile(file), String(i % 10).repeat(20_000 + (i % 7)), new AbortController().signal)`
  for (let round = 0; round < 6; round++) {
    const writer = spawn(process.execPath, ['--input-type=module', '-e', code, file], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(writer.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, 15 + round * 7))
    writer.kill('SIGKILL')
    await once(writer, 'close')
    expect(readFileSync(file, 'utf8')).toMatch(/^(before\n|(\d)\2{19999,20005})$/)
  }
  await replaceConfFile(file, readFileSync(file, 'utf8'), 'after\n', never)
  expect(readdirSync(dir)).toEqual(['ari.conf'])
})

test('a link stays a link, and the file behind it is replaced', async () => {
  const link = path.join(dir, 'link.conf')
  symlinkSync('ari.conf', link)
  await replaceConfFile(link, 'before\n', 'after\n', never)
  expect(readFileSync(file, 'utf8')).toBe('after\n')
  expect(readdirSync(dir).sort()).toEqual(['ari.conf', 'link.conf'])
  expect(await readConfFile(link)).toBe('after\n')
})

test('what a killed writer left is taken away by the next one', async () => {
  writeFileSync(path.join(dir, '.ari.conf.0123456789ab.keyturn'), 'half')
  writeFileSync(path.join(dir, '.other.conf.0123456789ab.keyturn'), 'not ours')
  await replaceConfFile(file, 'before\n', 'after\n', never)
  expect(readdirSync(dir).sort()).toEqual(['.other.conf.0123456789ab.keyturn', 'ari.conf'])
})

test('a folder, a huge file and a NUL byte are told apart, and a missing file is none', async () => {
  const folder = path.join(dir, 'folder.conf')
  mkdirSync(folder)
  await expect(readConfFile(folder)).rejects.toMatchObject({ code: 'PROVIDER_CONFIG', message: expect.stringContaining('is a folder') })
  writeFileSync(file, 'a\nb\0\n')
  await expect(readConfFile(file)).rejects.toMatchObject({ code: 'PROVIDER_CONFIG', message: expect.stringContaining('ari.conf:2: a NUL byte') })
  writeFileSync(file, Buffer.alloc(1_048_577, 'x'))
  await expect(readConfFile(file)).rejects.toMatchObject({ code: 'PROVIDER_CONFIG', message: expect.stringContaining('1048577 bytes') })
  expect(await readConfFile(path.join(dir, 'nowhere'))).toBeNull()
  expect(await readConfFile(path.join(file, 'below'))).toBeNull()
})

test('touching a file gives it another time and leaves it as it is', async () => {
  const before = statSync(file)
  await touchConfFile(file)
  expect(statSync(file).mtimeMs).not.toBe(before.mtimeMs)
  expect(readFileSync(file, 'utf8')).toBe('before\n')
})

/** Runs the module's functions as another user of this machine: what root may do proves nothing. It is loaded before: root's folders may be closed. */
function asNobody(script: string): string {
  const source = path.resolve('src/rotators/asterisk/file.ts')
  const code = `const { replaceConfFile, readConfFile, touchConfFile } = await import(${JSON.stringify(source)}); const signal = new AbortController().signal; process.setgroups([]); process.setgid(65534); process.setuid(65534); ${script}`
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', env: {} })
}

test.skipIf(!root)('a file of the group in a folder of root is written in place, and keeps owner and mode', () => {
  chmodSync(dir, 0o755)
  execFileSync('chown', ['0:65534', file])
  chmodSync(file, 0o660)
  for (const [before, after] of [
    ['before\n', 'a longer text than before\n'],
    ['a longer text than before\n', 'short\n'],
  ]) {
    const { ino, mtimeMs } = statSync(file)
    expect(asNobody(`console.log(await replaceConfFile(${JSON.stringify(file)}, ${JSON.stringify(before)}, ${JSON.stringify(after)}, signal))`)).toBe('true\n')
    expect(readFileSync(file, 'utf8')).toBe(after)
    const now = statSync(file)
    expect([now.ino, now.uid, now.gid, now.mode & 0o777]).toEqual([ino, 0, 65534, 0o660])
    expect(now.mtimeMs).not.toBe(mtimeMs)
  }
  const { mtimeMs } = statSync(file)
  asNobody(`await touchConfFile(${JSON.stringify(file)})`)
  expect(statSync(file).mtimeMs).not.toBe(mtimeMs)
  expect(readdirSync(dir)).toEqual(['ari.conf'])
})

test.skipIf(!root)('a file in a folder of the group keeps its owner, who may not be changed by others', () => {
  execFileSync('chown', ['0:65534', dir, file])
  chmodSync(dir, 0o770)
  chmodSync(file, 0o660)
  asNobody(`await replaceConfFile(${JSON.stringify(file)}, 'before\\n', 'after\\n', signal)`)
  expect(readFileSync(file, 'utf8')).toBe('after\n')
  expect(statSync(file)).toMatchObject({ uid: 0, gid: 65534 })
  expect(readdirSync(dir)).toEqual(['ari.conf'])
})

test.skipIf(!root)('a file that may not be read or written is named, with who may', () => {
  chmodSync(dir, 0o755)
  chmodSync(file, 0o600)
  const failing = (work: string) => asNobody(`await ${work}.catch((error) => console.log(error.code, error.hint))`)
  expect(failing(`readConfFile(${JSON.stringify(file)})`)).toMatch(/^FILE_UNREADABLE Run Keyturn as a user that may read and write/)
  chmodSync(file, 0o644)
  expect(failing(`replaceConfFile(${JSON.stringify(file)}, 'before\\n', 'after\\n', signal)`)).toMatch(/^FILE_UNWRITABLE Run Keyturn as a user that may write/)
  expect(readFileSync(file, 'utf8')).toBe('before\n')
})

test.skipIf(!root || !canMount())('a file that is mounted by itself is written in place', () => {
  const target = path.join(dir, 'mounted.conf')
  writeFileSync(target, '')
  const source = path.resolve('src/rotators/asterisk/file.ts')
  const code = `const { replaceConfFile } = await import(${JSON.stringify(source)}); console.log(await replaceConfFile(${JSON.stringify(target)}, 'before\\n', 'x\\n', new AbortController().signal))`
  const script = `mount --bind "$1" "$2" && "$3" --input-type=module -e "$4"`
  expect(execFileSync('/usr/bin/unshare', ['-m', 'sh', '-c', script, 'sh', file, target, process.execPath, code], { encoding: 'utf8' })).toBe('true\n')
  expect(readFileSync(file, 'utf8')).toBe('x\n')
})

function canMount(): boolean {
  try {
    execFileSync('/usr/bin/unshare', ['-m', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('two writers of one machine take turns, and a killed one lets go', async () => {
  const source = path.resolve('src/rotators/asterisk/lock.ts')
  const code = `const { withFileLock } = await import(${JSON.stringify(source)}); await withFileLock(process.argv[1], new AbortController().signal, () => { console.log('held'); return new Promise((done) => setTimeout(done, 60_000)) })`
  const other = spawn(process.execPath, ['--input-type=module', '-e', code, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(other.stdout, 'data')
  const order: string[] = []
  const mine = withFileLock(file, never, async () => void order.push('mine'))
  const impatient = withFileLock(file, AbortSignal.timeout(60), async () => void order.push('impatient'))
  await expect(impatient).rejects.toThrow()
  order.push('killed')
  other.kill('SIGKILL')
  await mine
  expect(order).toEqual(['killed', 'mine'])
  await withFileLock(file, never, async () => withFileLock(path.join(dir, 'another.conf'), never, async () => void order.push('both')))
  expect(order).toEqual(['killed', 'mine', 'both'])
})

test('an include pattern finds what glob(3) finds, in its order', async () => {
  for (const name of ['b.conf', 'a.conf', 'B.conf', '.hidden.conf', 'c.txt', 'd1.conf', 'dx.conf']) writeFileSync(path.join(dir, name), '')
  mkdirSync(path.join(dir, 'sub'))
  linkSync(path.join(dir, 'a.conf'), path.join(dir, 'sub', 'a.conf'))
  const names = async (pattern: string) => (await expandGlob(path.join(dir, pattern))).map((found) => path.relative(dir, found))
  expect(await names('*.conf')).toEqual(['B.conf', 'a.conf', 'ari.conf', 'b.conf', 'd1.conf', 'dx.conf'])
  expect(await names('d[0-9].conf')).toEqual(['d1.conf'])
  expect(await names('d[!0-9].conf')).toEqual(['dx.conf'])
  expect(await names('?.txt')).toEqual(['c.txt'])
  expect(await names('*/a.conf')).toEqual(['sub/a.conf'])
  expect(await names('{c,nowhere}.txt')).toEqual(['c.txt', 'nowhere.txt'])
  expect(await names('.*.conf')).toEqual(['.hidden.conf'])
  expect(await names('none/*.conf')).toEqual([])
})
