import { expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { type Case, newCase } from './changing/case.ts'

/** A backup in which a rotation was open, which ended since. */
async function putBack(): Promise<Case> {
  const c = await newCase()
  c.edit(", prove: { command: [grep, '^[A-Z_]*=', running.env], format: environ }", '')
  await c.secrets(['set', 'vendor'], { input: canary() })
  await c.secrets(['backup', 'open.keyturn'])
  await c.secrets(['approve', 'vendor', '--reason', 'a test call went well'])
  await c.secrets(['restore', 'open.keyturn', '--yes'])
  return c
}

const ofVendor = async (c: Case) => (await c.json(['status'])).document.secrets.find((one: { name: string }) => one.name === 'vendor')

test('a rotation that was open in a restored backup waits for a person, with what they can do', async () => {
  await using c = await putBack()
  const { state, findings, rotation } = await ofVendor(c)
  expect([state, rotation.waits]).toEqual(['attention', 'person'])
  expect(findings[0].message).toContain('a backup was put back')
  expect(findings[0].hint).toMatch(/secrets approve vendor --reason TEXT.*secrets rollback vendor/)
  expect((await c.run(['rotate', 'vendor'])).code).toBe(1)
  expect((await ofVendor(c)).state).toBe('attention')
  expect((await c.secrets(['history', 'vendor'])).stdout).toContain('put back from a backup of')
  expect((await c.run(['history', '--verify'])).code).toBe(0)
})

test('it goes on after the word of a person, and asks for its proofs again', async () => {
  await using c = await putBack()
  const { stderr } = await c.secrets(['approve', 'vendor', '--reason', 'nothing newer is in use'])
  expect(stderr).toMatch(/recorded: you vouch that no newer value is in use than the backup has, in answer to event \d+/)
  expect((await ofVendor(c)).rotation.waits).toBe('proof')
})

test('or it is given up, and nothing is open any more', async () => {
  await using c = await putBack()
  const { code } = await c.run(['rollback', 'vendor', '--reason', 'it had ended'])
  expect(code).toBe(0)
  expect((await ofVendor(c)).rotation).toBeNull()
  expect((await c.run(['history', '--verify'])).code).toBe(0)
})
