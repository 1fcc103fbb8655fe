import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { hasEnded, workerId } from '../src/worker-id.ts'

/** Another process of this machine, and the end of it. */
async function other(): Promise<{ readonly pid: number; end(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("x"); setInterval(() => {}, 60_000)'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  onTestFinished(end)
  await once(child.stdout, 'data')
  return { pid: child.pid ?? 0, end }
}

it('a process is known to have ended once it has, and not before', async () => {
  const { pid, end } = await other()
  const worker = workerId('pbx-1', pid)
  expect(hasEnded(worker, 'pbx-1')).toBe(false)
  await end()
  expect(hasEnded(worker, 'pbx-1')).toBe(true)
})

it('a pid that was given to another process since is no sign of life', async () => {
  const { pid } = await other()
  const [host, space, , start] = workerId('pbx-1', pid).split('/')
  expect(hasEnded([host, space, pid, Number(start) - 1].join('/'), 'pbx-1')).toBe(true)
})

it('of a process of another machine, boot or container nobody knows', () => {
  const [, space, pid, start] = workerId('pbx-1', process.pid).split('/')
  for (const worker of [`pbx-2/${space}/${pid}/0`, `pbx-1/other-boot/${pid}/0`, `pbx-1//${pid}/${start}`, 'pbx-1', '']) {
    expect([worker, hasEnded(worker, 'pbx-1')]).toEqual([worker, false])
  }
})
