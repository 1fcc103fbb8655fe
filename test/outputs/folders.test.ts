import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeyturnError } from '../../src/errors.ts'
import { files } from '../../src/outputs/dialects/files.ts'
import { outputs } from '../../src/outputs/folders.ts'
import { mergeEntries } from '../../src/outputs/merge.ts'
import type { OutputFilesOptions } from '../../src/outputs/write.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { canary } from '../support/canary.ts'
import type { FolderTask } from './folder-child.ts'

const never = new AbortController().signal
let dir: string
let folder: string
let lockDir: string

beforeEach(() => {
  dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-folders-')))
  mkdirSync(path.join(dir, 'project'))
  folder = path.join(dir, 'project', 'secrets')
  lockDir = path.join(dir, 'locks')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const opened = (options: Partial<OutputFilesOptions> = {}) =>
  outputs({ lockDir, isTracked: async () => ({ tracked: false }), random: { bytes: (n) => randomBytes(n) }, timeoutMs: 60_000, ...options })
/** As an output is brought into line: read, merged, replaced. */
const write = (values: Record<string, string>, perm = 0o600, options: Partial<OutputFilesOptions> = {}): Promise<boolean> =>
  opened(options).locked(`${folder}/`, never, async (file) => {
    const before = await file.read()
    const entries = Object.entries(values).map(([name, value]) => ({ name, value: new Sensitive(value) }))
    const merged = mergeEntries(before, entries, files)
    if (merged === before) return false
    await file.replace(merged, perm)
    return true
  })
const leave = () => opened().locked(`${folder}/`, never, async (file) => file.leave?.(0o600))
const held = (name: string) => readFileSync(path.join(folder, name), 'utf8')
const mode = (...names: string[]) => statSync(path.join(folder, ...names)).mode & 0o7777
const isLink = (name: string) => lstatSync(path.join(folder, name)).isSymbolicLink()
const all = () => readdirSync(folder).sort()
const errorOf = async (work: Promise<unknown>): Promise<KeyturnError> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(KeyturnError)
  return error as KeyturnError
}

function child(task: Omit<FolderTask, 'lockDir' | 'target'>) {
  const process_ = spawn(process.execPath, [path.join(import.meta.dirname, 'folder-child.ts'), JSON.stringify({ lockDir, target: `${folder}/`, ...task })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  process_.stdout.on('data', (part: Buffer) => {
    said += part
  })
  return new Promise<{ readonly killed: boolean; readonly code: number | null; readonly points: number }>((done) =>
    process_.on('close', (code, signal) => done({ killed: signal === 'SIGKILL', code, points: Number(said) })),
  )
}

describe('a folder of secrets', () => {
  it('holds each value in a file of its own, to the byte and for its owner alone', async () => {
    const [one, two] = [canary(), `${canary()}\nwith "quotes" $and \\ and é\n`]
    expect(await write({ DB_PASSWORD: one, TLS_KEY: two, EMPTY: '' })).toBe(true)
    expect([held('DB_PASSWORD'), held('TLS_KEY'), held('EMPTY')]).toEqual([one, two, ''])
    expect([mode(), mode('..data'), mode('DB_PASSWORD')]).toEqual([0o700, 0o700, 0o600])
    expect(all()).toEqual(['..data', '..gen-1', 'DB_PASSWORD', 'EMPTY', 'TLS_KEY'])
    expect(readlinkSync(path.join(folder, 'DB_PASSWORD'))).toBe('..data/DB_PASSWORD')
  })

  it('lets a group in where the mode says so, and nobody write where it does not', async () => {
    await write({ A: canary() }, 0o440)
    expect([mode('..data'), mode('A')]).toEqual([0o750, 0o440])
    await write({ A: canary() }, 0o400)
    expect([mode('..data'), mode('A')]).toEqual([0o700, 0o400])
  })

  it('changes by one link, takes the old generation away, and writes nothing that is right already', async () => {
    const kept = canary()
    await write({ A: canary(), B: kept })
    const link = lstatSync(path.join(folder, 'A')).ino
    const next = canary()
    await write({ A: next, B: kept })
    expect([held('A'), held('B')]).toEqual([next, kept])
    expect(all()).toEqual(['..data', '..gen-2', 'A', 'B'])
    expect(lstatSync(path.join(folder, 'A')).ino).toBe(link)
    expect(await write({ A: next, B: kept })).toBe(false)
    expect(all()).toEqual(['..data', '..gen-2', 'A', 'B'])
  })

  it('leaves files of others as they are, also where they have the name of a variable', async () => {
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'README'), 'canary-notes\n')
    writeFileSync(path.join(folder, 'tls.pem'), 'x')
    writeFileSync(path.join(folder, 'binary'), Buffer.from([0, 255, 1]))
    mkdirSync(path.join(folder, 'sub'))
    await write({ A: canary() })
    expect(held('README')).toBe('canary-notes\n')
    expect([isLink('README'), isLink('binary'), isLink('A')]).toEqual([false, false, true])
    expect(all()).toEqual(['..data', '..gen-1', 'A', 'README', 'binary', 'sub', 'tls.pem'])
  })

  it('takes plain files that were there before into its generations, one value at a time and all together', async () => {
    mkdirSync(folder)
    for (const name of ['A', 'B', 'C']) writeFileSync(path.join(folder, name), 'canary-old', { mode: 0o644 })
    const seen: string[] = []
    await write({ A: 'canary-a', B: 'canary-b', C: 'canary-old' }, 0o600, { fault: () => seen.push(`${held('A')} ${held('B')}`) })
    expect(new Set(seen)).toEqual(new Set(['canary-old canary-old', 'canary-a canary-b']))
    expect([isLink('A'), isLink('B'), isLink('C')]).toEqual([true, true, false])
    expect(mode('A')).toBe(0o600)
  })

  it('refuses what it would have to trample', async () => {
    const value = canary()
    mkdirSync(folder)
    mkdirSync(path.join(folder, 'A'))
    symlinkSync('/etc/hostname', path.join(folder, 'B'))
    writeFileSync(path.join(folder, 'C'), Buffer.from([0, 1]))
    for (const name of ['A', 'B', 'C']) {
      const { code, message } = await errorOf(write({ [name]: value }))
      expect([code, message]).toEqual(['FILE_UNWRITABLE', `${folder}/${name}: is no text of at most 1 MB in a file of its own, so it is not replaced`])
    }
    expect(all()).toEqual(['A', 'B', 'C'])
    symlinkSync('..2026_11_21', path.join(folder, '..data'))
    expect((await errorOf(write({ D: value }))).message).toContain('was not made by Keyturn')
  })

  it('refuses files that git tracks, names that are none for a file, values with a NUL byte, and a file in its place', async () => {
    const gone = await errorOf(write({ A: canary() }, 0o600, { isTracked: async (file) => ({ tracked: file === folder }) }))
    expect([gone.code, gone.message, existsSync(folder)]).toEqual(['OUTPUT_TRACKED', `${folder}/: git tracks this file`, false])
    mkdirSync(folder)
    const tracked = await errorOf(write({ A: canary() }, 0o600, { isTracked: async (file) => ({ tracked: file === path.join(folder, 'A') }) }))
    expect([tracked.code, tracked.message]).toEqual(['OUTPUT_TRACKED', `${folder}/A: git tracks this file`])
    expect((await errorOf(write({ '../A': canary() }))).message).toMatch(/^..\/A: dialect "files" cannot hold its value: no file of this name/)
    expect((await errorOf(write({ A: 'canary-\0' }))).message).toBe('A: dialect "files" cannot hold its value: it is not Unicode, or holds a NUL byte')
    expect(all()).toEqual([])
    rmdirSync(folder)
    writeFileSync(folder, 'x')
    expect((await errorOf(write({ A: canary() }))).message).toBe(`${folder}/: is a file, and one file a secret needs a folder`)
  })

  it('leaves a value that somebody wrote meanwhile as it is', async () => {
    await write({ A: canary(), B: canary() })
    const error = await errorOf(
      write({ A: canary() }, 0o600, {
        fault: (point) => {
          if (point === 'generation made') writeFileSync(path.join(folder, 'B'), 'canary-by-hand')
        },
      }),
    )
    expect(error.code).toBe('OUTPUT_CHANGED')
    expect(held('B')).toBe('canary-by-hand')
    expect(all()).toEqual(['..data', '..gen-1', 'A', 'B'])
  })

  it('sees what an editor put in the place of its link, and takes it in', async () => {
    await write({ A: 'canary-a', B: 'canary-b' })
    rmSync(path.join(folder, 'A'))
    writeFileSync(path.join(folder, 'A'), 'canary-edited')
    const text = await opened().locked(`${folder}/`, never, (file) => file.read())
    expect(JSON.parse(text?.reveal() ?? '')).toEqual({ A: 'canary-edited', B: 'canary-b' })
    await write({ A: 'canary-new', B: 'canary-b' })
    expect([held('A'), held('B'), isLink('A')]).toEqual(['canary-new', 'canary-b', true])
  })

  it('becomes a folder of plain files again', async () => {
    await write({ A: 'canary-a', B: 'canary-b' })
    await leave()
    expect(all()).toEqual(['A', 'B'])
    expect([held('A'), held('B'), isLink('A'), mode('A')]).toEqual(['canary-a', 'canary-b', false, 0o600])
    await leave()
    expect(all()).toEqual(['A', 'B'])
  })

  it('holds the old values or the new ones, and no mix, wherever a writer is killed', async () => {
    const values = (n: number) => ({ A: `canary-a${n}`, B: `canary-b${n}`, C: `canary-c${n}` })
    const { points } = await child({ texts: [values(1)], killAt: 0 })
    expect(points).toBeGreaterThan(8)
    let kills = 0
    for (const start of ['ours', 'plain'] as const) {
      for (let killAt = 1; ; killAt++) {
        rmSync(folder, { recursive: true, force: true })
        if (start === 'ours') await write(values(1))
        else {
          mkdirSync(folder)
          for (const [name, value] of Object.entries(values(1))) writeFileSync(path.join(folder, name), value)
        }
        const { killed, code } = await child({ texts: [values(2)], killAt })
        const now = Object.fromEntries(['A', 'B', 'C'].map((name) => [name, held(name)]))
        expect([values(1), values(2)]).toContainEqual(now)
        if (!killed) {
          expect(code).toBe(0)
          break
        }
        kills++
        await write(values(3))
        expect(['A', 'B', 'C'].map(held)).toEqual(Object.values(values(3)))
        expect(all().filter((name) => name.startsWith('..'))).toEqual(['..data', readlinkSync(path.join(folder, '..data'))])
      }
    }
    expect(kills).toBeGreaterThan(20)
  }, 120_000)

  it('keeps every value readable where it is killed on the way to plain files', async () => {
    await write({ A: 'canary-a', B: 'canary-b' })
    for (let killAt = 1; ; killAt++) {
      const { killed } = await child({ texts: [], killAt, leave: true })
      expect([held('A'), held('B')]).toEqual(['canary-a', 'canary-b'])
      if (!killed) break
    }
    await leave()
    expect(all()).toEqual(['A', 'B'])
  })

  it('never shows a mixed pair to a reader that goes through the one link', async () => {
    await write({ A: '0', B: '0' })
    const writer = child({ texts: Array.from({ length: 150 }, (_, i) => ({ A: String(i + 1), B: String(i + 1) })), killAt: 0 })
    let ended = false
    void writer.then(() => {
      ended = true
    })
    const seen = new Set<string>()
    let pairs = 0
    while (!ended) {
      try {
        const generation = path.join(folder, readlinkSync(path.join(folder, '..data')))
        const [a, b] = ['A', 'B'].map((name) => readFileSync(path.join(generation, name), 'utf8'))
        expect(a).toBe(b)
        seen.add(a as string)
        pairs++
      } catch (error) {
        // The generation was taken away between the two: it is looked for again.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
      // A name is never without a file, whichever generation it is led to.
      expect(existsSync(path.join(folder, 'A'))).toBe(true)
      if (pairs % 20 === 0) await new Promise(setImmediate)
    }
    expect((await writer).code).toBe(0)
    expect([held('A'), held('B')]).toEqual(['150', '150'])
    expect(seen.size).toBeGreaterThan(20)
    expect(pairs).toBeGreaterThan(100)
  }, 60_000)
})
