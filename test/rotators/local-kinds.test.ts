import { expect, test } from 'vitest'
import { manual } from '../../src/rotators/manual.ts'
import { none } from '../../src/rotators/none.ts'
import { random } from '../../src/rotators/random.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { canary } from '../support/canary.ts'
import { rotatorContext, storedVersion } from '../support/rotator-context.ts'

const handle = { rotator: 'manual', params: null, id: null }

test('random invents the only field, whatever its name', async () => {
  const made = await random.create(rotatorContext(random.params.parse({}), { fields: ['jwt'] }))
  expect(made.fields.reveal().jwt).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(random.set).toBeUndefined()
  expect(random.revoke).toBeUndefined()
})

test('random makes the secret field anew and keeps the user name', async () => {
  const current = storedVersion({ username: 'app', password: canary() })
  const made = await random.create(rotatorContext(random.params.parse({ length: 24 }), { fields: ['username', 'password'], current }))
  expect(made.fields.reveal().username).toBe('app')
  expect(made.fields.reveal().password).toHaveLength(24)
})

test('random asks which field is meant where several could be, and takes the answer', async () => {
  const current = storedVersion({ token: canary(), secret: canary(), a: 'x' })
  const fields = ['token', 'secret', 'a']
  await expect(random.create(rotatorContext(random.params.parse({}), { fields, current }))).rejects.toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('field: token') }),
  )
  const made = await random.create(rotatorContext(random.params.parse({ field: 'a' }), { fields, current }))
  expect(made.fields.reveal().token).toBe(current.fields.reveal().token)
  expect(made.fields.reveal().a).not.toBe('x')
  await expect(random.create(rotatorContext(random.params.parse({ field: 'b' }), { fields, current }))).rejects.toThrow(/no field "b"/)
})

test('random names a field that has no value and is none to invent', async () => {
  await expect(random.create(rotatorContext(random.params.parse({}), { fields: ['username', 'password'] }))).rejects.toThrow(
    expect.objectContaining({ code: 'VALUE_MISSING' }),
  )
})

test('random takes a given value instead of inventing one', async () => {
  const given = canary()
  const made = await random.create(rotatorContext(random.params.parse({}), { given: new Sensitive({ value: given }) }))
  expect(made.fields.reveal()).toEqual({ value: given })
})

test('manual without a value asks a person, with the page and the steps', async () => {
  const params = manual.params.parse({ url: 'https://example.org/keys', instructions: ['Press New.', 'Copy.'] })
  await expect(manual.create(rotatorContext(params))).rejects.toThrow(
    expect.objectContaining({ code: 'NEEDS_PERSON', message: expect.stringContaining('https://example.org/keys'), details: ['Press New.', 'Copy.'] }),
  )
  expect(manual.guide?.(params)).toEqual({ instructions: ['Press New.', 'Copy.'], url: 'https://example.org/keys' })
})

test('manual refuses a value of the wrong form without showing it', async () => {
  const params = manual.params.parse({ pattern: 'sk-[a-z0-9]{8}' })
  const wrong = canary()
  const error = await manual.create(rotatorContext(params, { given: new Sensitive({ value: wrong }) })).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'VALUE_REFUSED' })
  expect(String(error)).not.toContain(wrong)
  await expect(manual.create(rotatorContext(params, { given: new Sensitive({ value: '' }) }))).rejects.toMatchObject({ code: 'VALUE_REFUSED' })
  const made = await manual.create(rotatorContext(params, { given: new Sensitive({ value: 'sk-abcdef12' }) }))
  await expect(manual.test(rotatorContext(params), storedVersion(made.fields.reveal()))).resolves.toEqual({})
  expect(manual.params.safeParse({ pattern: '(' }).success).toBe(false)
})

test('manual asks a person for the deletion, unless the new value replaces the old one there', async () => {
  const keys = manual.params.parse({ url: 'https://example.org/keys' })
  await expect(manual.revoke?.(rotatorContext(keys), handle, null)).rejects.toThrow(
    expect.objectContaining({ code: 'NEEDS_PERSON', hint: expect.stringContaining('secrets approve NAME --reason') }),
  )
  const password = manual.params.parse({ replaces: true })
  expect(manual.revokes?.(keys)).toBe(true)
  expect(manual.revokes?.(password)).toBe(false)
  await expect(manual.revoke?.(rotatorContext(password), handle, null)).resolves.toBeUndefined()
})

test('none takes a value that a person gives', async () => {
  const given = canary()
  const made = await none.create(rotatorContext(none.params.parse({}), { given: new Sensitive({ value: given }) }))
  expect(made.fields.reveal()).toEqual({ value: given })
})

test('none is never rotated', async () => {
  expect(none.never).toBe(true)
  await expect(none.create(rotatorContext(none.params.parse({})))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})
