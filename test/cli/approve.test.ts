import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { type Case, newCase } from './changing/case.ts'

/** A guided secret whose consumer cannot prove anything. */
async function unproved(): Promise<Case> {
  const c = await newCase()
  c.edit(", prove: { command: [grep, '^[A-Z_]*=', running.env], format: environ }", '')
  await c.secrets(['set', 'vendor'], { input: canary() })
  return c
}

describe('vouching for what is stuck', () => {
  test('for a missing proof: what is vouched for is named and recorded with the reason, and the grace begins', async () => {
    await using c = await unproved()
    const { stdout, stderr } = await c.secrets(['approve', 'vendor', '--reason', 'a test call went well'])
    expect(stderr).toMatch(/^recorded: you vouch that everything runs on the new value, in answer to event \d+\n$/)
    expect(stdout).toMatch(/^vendor: delivered, on your word; old value valid until \w{3} \d\d:\d\d, then you are asked to delete it\n$/)
    expect((await c.secrets(['history', 'vendor'])).stdout).toContain('a test call went well')
  })

  test('for a key that a person has deleted: the rotation is closed', async () => {
    await using c = await newCase()
    c.edit('vendor: { env: VENDOR_API_KEY, grace: 24h,', 'vendor: { env: VENDOR_API_KEY, grace: 0s,')
    const asked = await c.run(['set', 'vendor'], { input: canary() })
    expect(asked.code).toBe(1)
    expect(asked.stderr).toMatch(
      /vendor: manual: a person has to delete the old key at https:\/\/example\.org\/keys\nsecrets: hint: once it is deleted there: secrets approve vendor --reason/,
    )
    const { document, code } = await c.json(['approve', 'vendor', '--reason', 'deleted on the page'])
    expect([code, document]).toMatchObject([0, { schema: 'keyturn/approve@1', name: 'vendor', kind: 'rotated', version: 2 }])
    expect(document.message).toBe('done, version 2 (deleted on the page)')
  })

  test('on a terminal it is asked for first; "n" records nothing', async () => {
    await using c = await unproved()
    const before = c.tree()
    const refused = await c.answer(['approve', 'vendor', '--reason', 'seen'], [['Vouch that everything runs on the new value (vendor, event', 'n']])
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('nothing was recorded')])
    expect(c.tree()).toEqual(before)
    const agreed = await c.answer(['approve', 'vendor', '--reason', 'seen'], [['Vouch that', 'y']])
    expect([agreed.code, agreed.stdout]).toEqual([0, expect.stringContaining('vendor: delivered, on your word')])
  })

  test('fails when anything was recorded between the question and the answer', async () => {
    await using c = await unproved()
    const running = c.start(['approve', 'vendor', '--reason', 'seen'], { terminal: true })
    await running.until('Vouch that')
    await c.secrets(['adopt', 'vendor', '--created', '2026-01-01', '--evidence', 'a test'])
    const before = c.tree()
    running.stdin.write('y\r')
    const { code, stdout } = await running.done
    expect(code).toBe(1)
    expect(stdout).toMatch(/vendor: event \d+ is not the last one any more/)
    expect(c.tree()).toEqual(before)
  })
})

test('where nothing waits for a person, or no reason is given, nothing is recorded', async () => {
  await using c = await newCase()
  const before = c.tree()
  const refused = [
    [['approve', 'jwt', '--reason', 'x'], 'jwt: nothing waits for a person'],
    [['approve', 'empty', '--reason', 'x'], 'empty: nothing is recorded of it yet'],
    [['approve', 'jwt'], '--reason TEXT is needed'],
    [['approve', 'jwt', '--reason', '  '], 'approve wants --reason TEXT'],
    [['approve', 'nobody', '--reason', 'x'], 'no secret and no variable is named "nobody"'],
  ] as const
  for (const [args, message] of refused) {
    const { code, stdout, stderr } = await c.run([...args])
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)])
  }
  expect(c.tree()).toEqual(before)
})

test('nobody can vouch for what the store has to hold', async () => {
  await using c = await newCase()
  c.knob('api', 'fail-create', '{"needs_person": true, "message": "make a project first"}')
  const stuck = await c.run(['rotate', 'api'])
  expect([stuck.code, stuck.stderr]).toEqual([1, expect.stringContaining('make a project first')])
  const { code, stderr } = await c.run(['approve', 'api', '--reason', 'x'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('nobody can vouch for "create"')])
  c.knob('api', 'fail-create', null)
  expect((await c.secrets(['rotate', 'api'])).stdout).toContain('api: done, version 2')
})
