import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { transform } from 'esbuild'
import { expect, test } from 'vitest'

const LAUNCHER = path.join(import.meta.dirname, '../../bin/secrets.cjs')

/** In the place of the bundle: says what it was given, and ends as it is told. */
const PROGRAM = `
const [order, ...rest] = process.argv.slice(2)
if (order === 'say') process.stdin.on('data', (d) => process.stdout.write(JSON.stringify({ rest, input: String(d), pid: process.pid })))
if (order === 'exit') process.exit(Number(rest[0]))
if (order === 'die') process.kill(process.pid, rest[0])
if (order === 'wait') {
  process.on('SIGTERM', () => { process.stdout.write('stopping'); setTimeout(() => process.exit(9), 20) })
  setInterval(() => {}, 1000)
  process.stdout.write('ready')
}
`

/** Makes this Node give itself out as an older one. */
const OLD_NODE = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })"

interface Installed extends Disposable {
  readonly folder: string
  /** Arguments for Node that run the launcher, under an old Node if wanted. */
  command(args: readonly string[], old?: boolean): string[]
}

function install(parts: { readonly built: boolean; readonly ownNode: boolean }): Installed {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'keyturn-test-')))
  for (const name of ['bin', 'dist', 'node_modules/node/bin']) mkdirSync(path.join(folder, name), { recursive: true })
  copyFileSync(LAUNCHER, path.join(folder, 'bin', 'secrets.cjs'))
  writeFileSync(path.join(folder, 'old.cjs'), OLD_NODE)
  if (parts.built) writeFileSync(path.join(folder, 'dist', 'secrets.cjs'), PROGRAM)
  if (parts.ownNode) symlinkSync(process.execPath, path.join(folder, 'node_modules/node/bin/node'))
  return {
    folder,
    command: (args, old = false) => [...(old ? ['--require', path.join(folder, 'old.cjs')] : []), path.join(folder, 'bin', 'secrets.cjs'), ...args],
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

const run = (args: readonly string[], input = '') => spawnSync(process.execPath, args, { input, encoding: 'utf8' })

test('on a Node that fits, the program runs in the same process', () => {
  using installed = install({ built: true, ownNode: false })
  const child = run(installed.command(['say', 'a b', '--c=d']), 'text')
  expect(JSON.parse(child.stdout)).toEqual({ rest: ['a b', '--c=d'], input: 'text', pid: child.pid })
  expect(run(installed.command(['exit', '4'])).status).toBe(4)
})

test('where nothing was built, one sentence says what to run', () => {
  using installed = install({ built: false, ownNode: false })
  const child = run(installed.command([]))
  expect([child.status, child.stdout]).toEqual([2, ''])
  expect(child.stderr).toBe(`Keyturn is not built: run "npm ci" in ${installed.folder}.\n`)
})

test('on an old Node, one sentence says what to install', () => {
  using installed = install({ built: true, ownNode: false })
  const child = run(installed.command(['say'], true))
  expect([child.status, child.stdout]).toEqual([2, ''])
  expect(child.stderr).toBe('Keyturn needs Node 24.15 or later, and this is 20.20.2: install a newer Node, then run the same command again.\n')
})

test('on an old Node in a clone, the Node of the clone runs it: arguments, stdin, output and status go through', () => {
  using installed = install({ built: true, ownNode: true })
  const child = run(installed.command(['say', 'a b'], true), 'text')
  expect(JSON.parse(child.stdout)).toMatchObject({ rest: ['a b'], input: 'text' })
  expect(JSON.parse(child.stdout).pid).not.toBe(child.pid)
  expect(run(installed.command(['exit', '4'], true)).status).toBe(4)
  expect(run(installed.command(['die', 'SIGKILL'], true)).signal).toBe('SIGKILL')
})

test('a signal reaches the program behind the launcher, and its status comes back', async () => {
  using installed = install({ built: true, ownNode: true })
  const child = spawn(process.execPath, installed.command(['wait'], true))
  await printed(child, 'ready')
  child.kill('SIGTERM')
  await printed(child, 'stopping')
  expect(await once(child, 'exit')).toEqual([9, null])
})

test('it is found through a link, as npm makes one', () => {
  using installed = install({ built: true, ownNode: true })
  const link = path.join(installed.folder, 'linked')
  symlinkSync(path.join(installed.folder, 'bin', 'secrets.cjs'), link)
  expect(run([link, 'exit', '5']).status).toBe(5)
})

test('its syntax is the oldest there is, so that any Node can read it', async () => {
  const code = readFileSync(LAUNCHER, 'utf8')
  const [old, present] = await Promise.all([transform(code, { target: 'es5' }), transform(code, { target: 'esnext' })])
  expect(old.code).toBe(present.code)
})

async function printed(child: ChildProcess, text: string): Promise<void> {
  const [data] = (await once(child.stdout ?? child, 'data')) as [Buffer]
  expect(data.toString()).toBe(text)
}
