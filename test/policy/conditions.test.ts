import { describe, expect, it } from 'vitest'
import { isMet, reasonOf } from '../../src/policy/conditions.ts'

describe('conditions', () => {
  it.each([
    '127.0.0.1',
    '127.8.8.8',
    'localhost',
    'LOCALHOST',
    '::1',
    '[::1]',
    '[::1]:8000',
    '127.0.0.1:8000',
    'http://localhost:8000/',
    ' 127.0.0.1 ',
    '',
    undefined,
  ])('%s is loopback, or nothing', (value) => {
    expect(isMet('not-loopback', value)).toBe(false)
  })

  it.each(['0.0.0.0', '::', '[::]:8000', '10.0.0.5', '192.168.1.20:8000', 'example.org', 'http://pbx.example.org/', '*', '1270.0.0.1'])(
    'others reach %s',
    (value) => {
      expect(isMet('not-loopback', value)).toBe(true)
    },
  )

  it('ask whether something is set', () => {
    expect([isMet('set', 'x'), isMet('set', ' '), isMet('set', ''), isMet('set', undefined)]).toEqual([true, false, false, false])
  })

  it('compare with a text, or with each of a list', () => {
    expect([isMet('true', 'true'), isMet('true', ' true '), isMet('true', 'True'), isMet('true', undefined)]).toEqual([true, true, false, false])
    expect([isMet(['1', 'true'], '1'), isMet(['1', 'true'], '0'), isMet(['not-loopback', 'localhost'], 'localhost')]).toEqual([true, false, true])
  })

  it('quote a setting, cut where it is long, and nothing where only its being set was asked', () => {
    expect(reasonOf('UVICORN_HOST', 'not-loopback', '0.0.0.0')).toBe('UVICORN_HOST is 0.0.0.0')
    expect(reasonOf('TOKEN', 'set', 'canary-1')).toBe('TOKEN is set')
    expect(reasonOf('A', 'b', 'c'.repeat(500)).length).toBeLessThan(80)
  })
})
