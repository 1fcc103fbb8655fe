import { describe, expect, it } from 'vitest'
import { scrubbedTail } from '../../src/consumers/scrub.ts'
import { Sensitive } from '../../src/sensitive.ts'

const VALUE = `canary-${'abcdefghij0123456789'.repeat(6)}`

describe('what a program said', () => {
  it.each([
    ['base64', (text: string) => (text.match(/.{1,76}/g) ?? []).join('\n'), Buffer.from(`PORT=1\nKEY=${VALUE}\n`).toString('base64')],
    ['hex', (text: string) => (text.match(/.{1,32}/g) ?? []).join('\r\n'), Buffer.from(VALUE).toString('hex')],
    ['the value itself', (text: string) => (text.match(/.{1,20}/g) ?? []).join('\n  '), VALUE],
  ])('is not shown where it holds a value as %s, broken into lines', (_, broken, text) => {
    const shown = scrubbedTail(`dump:\n${broken(text)}\n`, [new Sensitive(VALUE)])
    expect(shown).toBe('it is not shown, since it holds a value')
  })

  it('is shown where nothing in it is a value', () => {
    expect(scrubbedTail('bind: address\nalready in use\n', [new Sensitive(VALUE)])).toBe('bind: address\nalready in use')
  })
})
