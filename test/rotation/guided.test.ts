import { expect, test } from 'vitest'
import { paramsOf } from '../../src/rotation/guided.ts'
import { manual } from '../../src/rotators/manual.ts'
import type { Secret } from '../../src/terms.ts'

const secretOf = (variable: string, kind: string, params: Secret['rotator']['params'] = {}) =>
  ({ env: { [variable]: 'value' }, rotator: { kind, params } }) as unknown as Secret
const guideOf = (secret: Secret) => manual.guide?.(manual.params.parse(paramsOf(secret)))

test('a guided secret is sent to the page of the provider that its variable is named for', () => {
  const guide = guideOf(secretOf('OPENAI_API_KEY', 'manual'))
  expect(guide?.url).toBe('https://platform.openai.com/api-keys')
  expect(guide?.instructions[0]).toBe('Make a new key at https://platform.openai.com/api-keys')
})

test('what the inventory says goes before what its name says', () => {
  expect(guideOf(secretOf('OPENAI_API_KEY', 'manual', { url: 'https://example.org/keys' }))?.url).toBe('https://example.org/keys')
  expect(guideOf(secretOf('OPENAI_API_KEY', 'manual', { instructions: ['Ask Ann.'] }))).toEqual({
    instructions: ['Ask Ann.'],
    url: 'https://platform.openai.com/api-keys',
  })
  expect(paramsOf(secretOf('OPENAI_API_KEY', 'random'))).toEqual({})
})

test('nobody is told to keep an old password that ends by being changed', () => {
  expect(guideOf(secretOf('DB_PASSWORD', 'manual', { replaces: true }))?.instructions).toEqual([
    'Change it at the provider: that ends the old value at once.',
    'Then give the new value here, so that it is delivered.',
  ])
})
