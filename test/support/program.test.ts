import { expect, test } from 'vitest'
import { canary } from './canary.ts'
import { takePrinted } from './printed.ts'
import { startCommand } from './program.ts'
import { makeProject } from './project.ts'

const node = (code: string, ...args: readonly string[]) => [process.execPath, '-e', code, '--', ...args]

test('a command gets its stdin, and what it printed and how it ended comes back', async () => {
  await using project = makeProject()
  const code = "process.stdin.on('data', (d) => { process.stdout.write(String(d)); process.stderr.write('seen'); process.exitCode = 3 })"
  const result = await startCommand(node(code), 'echo', { cwd: project.dir, env: project.env, input: 'text' }).done
  expect(result).toEqual({ stdout: 'text', stderr: 'seen', code: 3, signal: null })
})

test('it sees the environment that it is given and nothing of ours, and leaves nothing behind', async () => {
  const project = makeProject({ 'sub/file': 'x' })
  const result = await startCommand(node('console.log(JSON.stringify(process.env))'), 'env', { cwd: project.dir, env: project.env }).done
  expect(JSON.parse(result.stdout)).toEqual(project.env)
  expect(project.list()).toEqual(['sub', 'sub/file'])
  await project[Symbol.asyncDispose]()
  expect(() => project.list()).toThrow()
})

test('a canary on the command line of the process, or of one that it started, is found', async () => {
  await using project = makeProject()
  const options = { cwd: project.dir, env: project.env }
  await expect(startCommand(node('setTimeout(() => {}, 100)', canary()), 'own', options).done).rejects.toThrow(/command line/)
  const parent = "require('child_process').spawnSync(process.execPath, ['-e', 'setTimeout(() => {}, 100)', 'x' + process.env.HALF + process.env.REST])"
  const split = { ...project.env, HALF: 'can', REST: 'ary-abcdefgh12345' }
  await expect(startCommand(node(parent), 'child', { ...options, env: split }).done).rejects.toThrow(/command line/)
})

test('a canary in the environment of a child is found, but for one that is passed on purpose', async () => {
  await using project = makeProject()
  const secret = canary()
  const parent = "require('child_process').spawnSync(process.execPath, ['-e', 'setTimeout(() => {}, 100)'])"
  const options = { cwd: project.dir, env: { ...project.env, TOKEN: secret } }
  await expect(startCommand(node(parent), 'leak', options).done).rejects.toThrow(/environment/)
  await expect(startCommand(node(parent), 'run', { ...options, passes: [secret] }).done).resolves.toMatchObject({ code: 0 })
})

test('what it printed is kept for the search after the test, but for values that it may show', async () => {
  await using project = makeProject()
  const [shown, hidden] = [canary(), canary()]
  const code = 'process.stdin.pipe(process.stdout)'
  await startCommand(node(code), 'show', { cwd: project.dir, env: project.env, input: `${shown} ${hidden}`, reveals: [shown] }).done
  const printed = takePrinted().map(({ text }) => text)
  expect(printed).toEqual([` ${hidden}`])
})

test('on a terminal, a question appears and is answered, and Ctrl-C interrupts', async () => {
  await using project = makeProject()
  const ask = "process.stdout.write(process.stdin.isTTY + '? '); process.stdin.once('data', (d) => { console.log('got ' + String(d).trim()); process.exit(4) })"
  const options = { cwd: project.dir, env: project.env, terminal: true }
  const running = startCommand(node(ask), 'ask', options)
  await running.until('true? ')
  running.stdin.write('yes\n')
  const result = await running.done
  expect([result.code, result.stdout]).toEqual([4, expect.stringContaining('got yes\r\n')])

  const waiting = startCommand(node("process.on('SIGINT', () => process.exit(130)); console.log('ready'); setInterval(() => {}, 1000)"), 'wait', options)
  await waiting.until('ready')
  waiting.stdin.write('\x03')
  expect((await waiting.done).code).toBe(130)
})

test('a program that never says what is waited for is reported with what it said', async () => {
  await using project = makeProject()
  const running = startCommand(node("console.log('other')"), 'quiet', { cwd: project.dir, env: project.env })
  await expect(running.until('expected')).rejects.toThrow(/"quiet" ended without printing "expected":\nother/)
})
