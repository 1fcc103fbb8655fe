import { describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { newCase } from './changing/case.ts'

describe('going back', () => {
  test('during the grace: the previous key is current, delivered and proved again, the other one is ended', async () => {
    await using c = await newCase()
    const old = c.env().SLOW_KEY
    await c.secrets(['rotate', 'slow'])
    c.edit('grace: 24h\n    rotator', 'grace: 0s\n    rotator')
    const text = c.project.read('.env').replace(c.env().SLOW_KEY ?? '', old ?? '')
    // The grace is a fact of the rotation: what is edited later does not shorten it.
    expect(await c.secrets(['rollback', 'SLOW_KEY', '--reason', 'calls failed'])).toMatchObject({
      stdout: expect.stringMatching(/^slow: delivered and proved; old value valid until .*\n$/),
      stderr: '',
    })
    expect(c.project.read('.env')).toBe(text)
    expect(c.running()).toEqual(c.env())
    expect(c.live('slow')).toHaveLength(2)
    await c.secrets(['revoke', 'slow', '--previous', '--yes'])
    expect(c.live('slow')).toEqual([old])
    expect((await c.secrets(['history', 'slow'])).stdout).toContain('calls failed')
  })

  test('before the promote: what was made is ended, and nothing was delivered', async () => {
    await using c = await newCase()
    const [text, live] = [c.project.read('.env'), c.live('api')]
    c.knob('api', 'fail-test', '{"unavailable": true, "message": "the provider is down"}')
    expect((await c.run(['rotate', 'api', '--wait', '1s'])).code).toBe(1)
    expect(c.live('api')).toHaveLength(2)
    c.knob('api', 'fail-test', null)
    expect((await c.secrets(['rollback', 'api'])).stdout).toBe('api: version 1 is current again\n')
    expect([c.project.read('.env'), c.live('api')]).toEqual([text, live])
  })

  test('after the end, where no provider is involved: the value before, as a new rotation', async () => {
    await using c = await newCase()
    const old = c.env().JWT_SECRET
    await c.secrets(['rotate', 'jwt'])
    const made = c.env().JWT_SECRET
    expect((await c.json(['rollback', 'jwt'])).document).toEqual({
      ...{ schema: 'keyturn/rollback@1', name: 'jwt', kind: 'rotated', version: 1, oldValidUntil: null, hint: null },
      message: 'version 1 is current again',
    })
    expect(c.env().JWT_SECRET).toBe(old)
    await c.secrets(['rollback', 'jwt'])
    expect(c.env().JWT_SECRET).toBe(made)
  })

  test('a guided value comes back too, and its age with it', async () => {
    await using c = await newCase()
    const [old, given] = [c.env().VENDOR_API_KEY, canary()]
    await c.secrets(['adopt', 'vendor', '--created', '2020-01-01', '--evidence', 'a test'])
    await c.secrets(['set', 'vendor'], { input: given })
    expect(c.env().VENDOR_API_KEY).toBe(given)
    await c.secrets(['rollback', 'vendor'])
    expect(c.env().VENDOR_API_KEY).toBe(old)
    const { document } = await c.json(['status', 'vendor'])
    expect(document.secrets[0]).toMatchObject({ version: '1', ageSource: 'claimed', rotatedAt: expect.stringMatching(/^(2019-12-31|2020-01-01)T/) })
  })
})

describe('where there is no way back', () => {
  test('it is refused with the reason, and nothing changes', async () => {
    await using c = await newCase()
    await c.secrets(['rotate', 'api'])
    const before = c.tree()
    const gone = await c.json(['rollback', 'api'])
    expect([gone.code, gone.document]).toMatchObject([2, { code: 'NOTHING_OPEN', hint: 'secrets rotate api' }])
    expect(gone.document.message).toBe('api: version 1 was revoked, and the provider cannot bring it back')
    const none = await c.run(['rollback', 'vendor'])
    expect(none).toMatchObject({ code: 2, stdout: '' })
    expect(none.stderr).toContain('vendor: there is no earlier version to go back to')
    expect((await c.run(['rollback', 'nobody'])).stderr).toContain('no secret and no variable is named "nobody"')
    expect((await c.run(['rollback'])).stderr).toContain('secrets rollback: NAME is missing')
    expect(c.tree()).toEqual(before)
  })

  test('typed again it goes on with the way back, also after what stopped it was mended', async () => {
    await using c = await newCase()
    const live = c.live('api')
    c.knob('api', 'fail-test', '{"config": true, "message": "the module is off"}')
    for (const command of ['rotate', 'rollback']) {
      const stuck = await c.run([command, 'api'])
      expect([stuck.code, stuck.stderr]).toEqual([1, expect.stringContaining('the module is off')])
    }
    c.knob('api', 'fail-test', null)
    expect((await c.secrets(['rollback', 'api'])).stdout).toBe('api: version 1 is current again\n')
    expect(c.live('api')).toEqual(live)
  })
})
