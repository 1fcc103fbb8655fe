import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { newCase } from './changing/case.ts'

describe('ending a credential', () => {
  test('the old one, before its grace is over', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'slow'])
    const { stdout, stderr } = await c.secrets(['revoke', 'slow', '--previous', '--reason', 'nobody uses it'])
    expect([stdout, stderr]).toEqual(['slow: done, version 2\n', ''])
    expect(c.live('slow')).toEqual([c.env().SLOW_KEY])
    expect((await c.secrets(['history', 'slow'])).stdout).toContain('nobody uses it')
  })

  test('on a terminal the old one is asked for; Enter means no', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'slow'])
    const before = c.tree()
    const question = 'Revoke version 1 of slow now, proved or not? [y/N]'
    const refused = await c.answer(['revoke', 'slow', '--previous'], [[question, '']])
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('nothing was changed')])
    expect([c.tree(), c.live('slow').length]).toEqual([before, 2])
    expect((await c.answer(['revoke', 'slow', '--version', '1'], [[question, 'y']])).code).toBe(0)
    expect(c.live('slow')).toHaveLength(1)
  })

  test('the current one only with its name typed, or --yes', async () => {
    await using c = await newCase()
    const before = c.tree()
    const alone = await c.run(['revoke', 'api'])
    expect(alone.code).toBe(2)
    expect(alone.stderr).toContain('api: version 1 is the current one: everything that uses it will be refused, and nothing takes its place')
    expect(alone.stderr).toContain('use --yes')
    const mistyped = await c.answer(['revoke', 'api'], [['Type api to revoke it:', 'apo']])
    expect([mistyped.code, mistyped.stdout]).toEqual([1, expect.stringContaining('what was typed does not match')])
    expect([c.tree(), c.live('api').length]).toEqual([before, 1])
    const { document, code } = await c.json(['revoke', 'api', '--yes', '--reason', 'the contract ended'])
    expect([code, document]).toEqual([0, { schema: 'keyturn/revoke@1', name: 'api', version: 1, message: 'revoked, and refused by the provider' }])
    expect(c.live('api')).toEqual([])
    expect((await c.secrets(['history', 'api'])).stdout).toContain('ended by hand: the contract ended')
    // And a new one is made when it is wanted again.
    await c.secrets(['rotate', 'api'])
    expect(c.live('api')).toEqual([c.env().API_KEY])
  })

  test('that the provider goes on accepting is said so, and tried again by the next command', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'slow'])
    c.knob('slow', 'fail-revoke', '{"config": true, "message": "deleting is switched off"}')
    const failed = await c.run(['revoke', 'slow', '--previous', '--yes'])
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('deleting is switched off')])
    expect(c.live('slow')).toHaveLength(2)
    c.knob('slow', 'fail-revoke', null)
    await c.secrets(['rotate', 'slow'])
    expect(c.live('slow')).toHaveLength(1)
  })
})

describe('only proving that it is dead', () => {
  test('closes the rotation that waited for it, once the provider refuses it', async () => {
    await using c = await newCase()
    const old = c.env().SLOW_KEY
    await c.secrets(['rotate', 'slow'])
    const alive = await c.json(['revoke', 'slow', '--verify'])
    expect([alive.code, alive.document]).toMatchObject([1, { code: 'OLD_STILL_ACCEPTED', message: 'slow: version 1 is still accepted by the provider' }])
    const keys = JSON.parse(c.project.read('../home/slow/provider.json'))
    for (const key of Object.values(keys) as { value: string; ended: boolean }[]) if (key.value === old) key.ended = true
    c.knob('slow', 'provider.json', JSON.stringify(keys))
    expect((await c.secrets(['revoke', 'slow', '--verify'])).stdout).toBe('slow: done, version 2\n')
    const { document } = await c.json(['status', 'slow'])
    expect(document.secrets[0].rotation).toBeNull()
  })

  test('of a guided secret nothing can be proved here', async () => {
    await using c = await newCase()
    await c.secrets(['set', 'vendor'], { input: canary() })
    const { code, stderr } = await c.run(['revoke', 'vendor', '--verify'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('secrets approve vendor --reason "deleted at the provider"')])
  })
})

test('what cannot be ended is refused before anybody is asked', async () => {
  await using c = await newCase()
  const before = c.tree()
  const refused = [
    [['revoke', 'jwt', '--yes'], 2, 'jwt: rotator random cannot end a credential'],
    [['revoke', 'empty', '--yes'], 1, 'empty has no value in the store yet'],
    [['revoke', 'api', '--previous', '--yes'], 2, 'api: there is no earlier version'],
    [['revoke', 'api', '--version', '7', '--yes'], 2, 'api has no version 7'],
    [['revoke', 'api', '--version', 'x', '--yes'], 2, '--version: "x" is no whole number'],
    [['revoke', 'nobody'], 2, 'no secret and no variable is named "nobody"'],
  ] as const
  for (const [args, status, message] of refused) {
    const { code, stdout, stderr } = await c.run([...args])
    expect([code, stdout, stderr]).toEqual([status, '', expect.stringContaining(message)])
    expect(stderr).not.toContain('is the current one')
  }
  expect([c.tree(), c.live('api').length]).toEqual([before, 1])
})
