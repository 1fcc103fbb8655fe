import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readCachedInventory, removeUnfinished, writeCachedInventory } from '../../src/inventory/cache.ts'
import { filesWithCanary } from '../support/canary.ts'
import { seededRandom } from '../support/random.ts'
import { LONG } from './documented.ts'
import { folderWith, load } from './files.ts'

const DEPS = { host: 'pbx-1', version: '0.1.0' }
const TEXT = 'id: kt_8f3k2m9q\nsecrets: { a: A }\noutputs: [.env]\n'

/** A project whose files are a minute old, with its inventory in the cache. */
function cached(files: Readonly<Record<string, string>> = { 'secrets.yaml': TEXT }) {
  const folder = folderWith(files)
  const file = join(folder, 'secrets.yaml')
  const cacheDir = join(folder, 'cache')
  const inventory = load(folder)
  writeCachedInventory(cacheDir, file, undefined, DEPS, inventory, seededRandom(1))
  // The kernel's clock ticks in steps of some milliseconds: files as young as the cache are not believed.
  const [entry = ''] = readdirSync(cacheDir)
  const later = new Date(statSync(file).mtimeMs + 60_000)
  utimesSync(join(cacheDir, entry), later, later)
  return { folder, file, cacheDir, entry: join(cacheDir, entry), inventory, read: () => readCachedInventory(cacheDir, file, undefined, DEPS) }
}

describe('the cached inventory', () => {
  test('is the one that was loaded', () => {
    const { inventory, read } = cached({ 'secrets.yaml': LONG.replace('    owner:', '    max_age: 60d\n    owner:') })
    expect(inventory.secrets[0]?.policy).not.toEqual(inventory.policy)
    const { stamps: _, ...rest } = inventory
    expect(read()).toEqual(JSON.parse(JSON.stringify(rest)))
  })

  test('lies in a private file of a private folder', () => {
    const { cacheDir, entry } = cached()
    expect([statSync(cacheDir).mode & 0o777, statSync(entry).mode & 0o777]).toEqual([0o700, 0o600])
    expect(readdirSync(cacheDir)).toHaveLength(1)
    expect(filesWithCanary(cacheDir)).toEqual([])
  })

  test.each<[string, (at: ReturnType<typeof cached>) => void]>([
    ['changed', ({ file }) => writeFileSync(file, TEXT.replace('A', 'AB'))],
    ['changed at the same size', ({ file }) => writeFileSync(file, TEXT.replace('A', 'B'))],
    [
      'changed with its time set back',
      ({ file }) => {
        const { mtime } = statSync(file)
        writeFileSync(file, TEXT.replace('A', 'B'))
        utimesSync(file, mtime, mtime)
      },
    ],
    ['gone', ({ file }) => execFileSync('rm', [file])],
    ['replaced by a copy', ({ file }) => execFileSync('sh', ['-c', 'cp -p "$1" "$1.new" && mv "$1.new" "$1"', 'sh', file])],
  ])('is not used when the file is %s', (_, change) => {
    const at = cached()
    expect(at.read()).not.toBeNull()
    change(at)
    expect(at.read()).toBeNull()
  })

  test('is not used when a file that it extends is changed', () => {
    const at = cached({ 'secrets.yaml': `${TEXT}extends: base.yaml\n`, 'base.yaml': 'project: one\n' })
    expect(at.read()?.project).toBe('one')
    writeFileSync(join(at.folder, 'base.yaml'), 'project: two\n')
    expect(at.read()).toBeNull()
  })

  test('is not used for another host, version, environment or file', () => {
    const { cacheDir, file, folder } = cached()
    expect(readCachedInventory(cacheDir, file, undefined, { ...DEPS, host: 'pbx-2' })).toBeNull()
    expect(readCachedInventory(cacheDir, file, undefined, { ...DEPS, version: '0.2.0' })).toBeNull()
    expect(readCachedInventory(cacheDir, file, 'staging', DEPS)).toBeNull()
    expect(readCachedInventory(cacheDir, join(folder, 'other.yaml'), undefined, DEPS)).toBeNull()
  })

  test('is not believed while the file is as young as it', () => {
    const { file, entry, read } = cached()
    const { mtime } = statSync(file)
    utimesSync(entry, mtime, mtime)
    expect(read()).toBeNull()
  })

  test.each<[string, (entry: string) => void]>([
    ['cut short', (entry) => truncateSync(entry, 100)],
    ['empty', (entry) => truncateSync(entry, 0)],
    ['garbage', (entry) => writeFileSync(entry, '\u0000\u0001')],
    ['another thing', (entry) => writeFileSync(entry, '{"format":2}')],
    ['null', (entry) => writeFileSync(entry, 'null')],
    ['writable by others', (entry) => chmodSync(entry, 0o666)],
    ['a link', (entry) => execFileSync('sh', ['-c', 'mv "$1" "$1.x" && ln -s "$1.x" "$1"', 'sh', entry])],
    ['a folder', (entry) => execFileSync('sh', ['-c', 'rm "$1" && mkdir "$1"', 'sh', entry])],
  ])('is ignored when it is %s', (_, damage) => {
    const at = cached()
    const { mtime } = statSync(at.entry)
    damage(at.entry)
    if (!statSync(at.entry).isDirectory()) utimesSync(at.entry, mtime, mtime)
    expect(at.read()).toBeNull()
  })

  test('has nothing beside it that a killed writer left, from the next write or when somebody asks; others keep theirs', () => {
    const { file, cacheDir, entry, inventory } = cached()
    const [left, other] = [`${entry}.0011223344556677`, join(cacheDir, 'inventory-0123456789abcdef.json.0011223344556677')]
    for (const one of [left, other]) writeFileSync(one, 'half')
    removeUnfinished(cacheDir, file, undefined)
    expect(readdirSync(cacheDir).sort()).toEqual([basename(entry), basename(other)].sort())
    writeFileSync(left, 'half')
    writeCachedInventory(cacheDir, file, undefined, DEPS, inventory, seededRandom(2))
    expect(readdirSync(cacheDir).sort()).toEqual([basename(entry), basename(other)].sort())
    expect(() => removeUnfinished(join(cacheDir, 'nowhere'), file, undefined)).not.toThrow()
  })

  test('that cannot be written is no error, and leaves nothing behind', () => {
    const { file, folder, inventory } = cached()
    writeFileSync(join(folder, 'blocked'), '')
    writeCachedInventory(join(folder, 'blocked'), file, undefined, DEPS, inventory, seededRandom(1))
    expect(readFileSync(join(folder, 'blocked'), 'utf8')).toBe('')
  })
})

test('finding and reading it loads neither the parser nor the schemas', () => {
  const at = cached()
  const source = (name: string) => JSON.stringify(resolve(import.meta.dirname, '../../src/inventory', name))
  const program = `
    import { findInventoryFile } from ${source('find.ts')}
    import { readCachedInventory } from ${source('cache.ts')}
    const file = findInventoryFile({ cwd: ${JSON.stringify(at.folder)} })
    const inventory = readCachedInventory(${JSON.stringify(at.cacheDir)}, file, undefined, ${JSON.stringify(DEPS)})
    process.stdout.write(JSON.stringify([inventory?.id, process.moduleLoadList.filter((name) => name === 'NativeModule crypto')]))`
  const out = execFileSync(process.execPath, ['--input-type=module', '--import', loaderOf(['zod', 'yaml']), '-e', program], { encoding: 'utf8' })
  expect(JSON.parse(out)).toEqual(['kt_8f3k2m9q', []])
})

/** A module that makes loading any of these packages an error. */
function loaderOf(forbidden: readonly string[]): string {
  const hook = `export async function resolve(name, context, next) {
    if (${JSON.stringify(forbidden)}.some((one) => name === one || name.startsWith(one + '/'))) throw new Error('loaded ' + name)
    return next(name, context)
  }`
  const register = `import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}))`
  return `data:text/javascript,${encodeURIComponent(register)}`
}
