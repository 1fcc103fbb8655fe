import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CONSUMERS } from '../../src/consumers/index.ts'
import type { Consumer } from '../../src/ports.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { contextOf, errorOf } from './context.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'keyturn-ready-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const of = (kind: string): Consumer => CONSUMERS.get(kind) as Consumer
/** With an empty PATH: no tool is there. */
const ready = (kind: string, params: unknown, env: Record<string, string> = { PATH: dir }) => of(kind).ready?.(contextOf(of(kind), params, {}, { dir, env }))
const missing = (kind: string, params: unknown) => errorOf(ready(kind, params) ?? Promise.resolve()).then(({ message }) => message)

describe('before anything is begun, a consumer names what it lacks', () => {
  test('its tool', async () => {
    expect(await missing('compose', { service: 'a' })).toBe('docker: not installed, or not in PATH')
    expect(await missing('docker', { container: 'a' })).toBe('docker: not installed, or not in PATH')
    expect(await missing('systemd', { unit: 'a' })).toBe('systemd: there is no systemctl on this machine, or not in PATH')
    expect(await missing('exec', { refresh: ['restart-it', 'now'] })).toBe('restart-it: there is no such program in PATH')
    expect(await missing('exec', { refresh: 'true', prove: { command: ['./prove'], format: 'environ' } })).toBe('./prove: there is no such program')
  })

  test('its process', async () => {
    expect(await missing('process', { pidfile: 'a.pid' })).toBe('there is no pid file a.pid')
  })

  test('the bearer it is asked with', async () => {
    expect(await missing('http', { url: 'http://127.0.0.1:1/', bearer: 'health' })).toBe('http: the bearer secret "health" has no value')
  })
})

test('what is there is not started to find that out', async () => {
  writeFileSync(path.join(dir, 'restart-it'), '#!/bin/sh\ntouch started\n')
  await expect(ready('exec', { refresh: ['restart-it'] })).rejects.toThrow('no such program')
  chmodSync(path.join(dir, 'restart-it'), 0o755)
  await ready('exec', { refresh: ['restart-it'], prove: { command: ['./restart-it'], format: 'environ' }, health: 'exit 1' })
  writeFileSync(path.join(dir, 'own.pid'), String(process.pid))
  await ready('process', { pidfile: 'own.pid', signal: 'TERM' })
  const ctx = contextOf(of('http'), { url: 'http://127.0.0.1:1/', bearer: 'health' }, {}, { dir, secret: async () => [new Sensitive({ value: 'x' })] })
  await of('http').ready?.(ctx)
  expect(await import('node:fs').then(({ readdirSync }) => readdirSync(dir).sort())).toEqual(['own.pid', 'restart-it'])
})

test('every kind says in one word what it does to what runs', () => {
  const effect = (kind: string, params: unknown) => of(kind).effect?.(of(kind).params.parse(params))
  expect([
    effect('compose', { service: 'a' }),
    effect('docker', { container: 'a', run: 'x' }),
    effect('docker', { container: 'a', restart: true }),
    effect('docker', { container: 'a' }),
    effect('systemd', { unit: 'a' }),
    effect('systemd', { unit: 'a', refresh: 'reload' }),
    effect('process', { pidfile: 'a' }),
    effect('process', { pidfile: 'a', signal: 'TERM' }),
    effect('http', { url: 'http://127.0.0.1/' }),
    effect('exec', { refresh: 'x' }),
  ]).toEqual(['recreate', 'recreate', 'restart', 'nothing', 'restart', 'reload', 'signal', 'restart', 'request', 'command'])
})
