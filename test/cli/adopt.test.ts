import { expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { newCase } from './changing/case.ts'

test('a claimed age is recorded with its evidence and shown as claimed', async () => {
  await using c = await newCase()
  const { stdout, stderr } = await c.secrets(['adopt', 'VENDOR_API_KEY', '--created', '2025-09-02', '--evidence', 'console, keys page'], {
    env: { TZ: 'Asia/Tokyo' },
  })
  expect([stdout, stderr]).toEqual(['vendor: recorded as made on 2025-09-02 (claimed)\n', ''])
  const { document } = await c.json(['status', 'vendor'])
  // The day began in Tokyo, where it was said.
  expect(document.secrets[0]).toMatchObject({ ageSource: 'claimed', rotatedAt: '2025-09-01T15:00:00.000Z', state: 'overdue' })
  expect((await c.secrets(['history', 'vendor'])).stdout).toContain('console, keys page')
  expect((await c.json(['adopt', 'vendor', '--created', '2025-09-02T10:30Z', '--evidence', 'x'])).document).toEqual({
    ...{ schema: 'keyturn/adopt@1', name: 'vendor', createdAt: '2025-09-02T10:30:00.000Z', id: null },
  })
})

test('the id of a key that came from elsewhere lets it be ended; before, a person is asked', async () => {
  await using c = await newCase()
  const value = canary()
  c.knob('api', 'provider.json', JSON.stringify({ 'key-old': { value, label: '', ended: false } }))
  // As if it had been read from a file: nobody knows what the provider calls it.
  c.project.write('.env', c.project.read('.env').replace(c.env().API_KEY ?? '', value))
  c.edit('  api:\n    env: API_KEY', '  imported:\n    env: API_KEY')
  await c.run(['sync'])
  await c.secrets(['set', 'imported'], { input: value })
  const stuck = await c.run(['rotate', 'imported'])
  expect(stuck.code).toBe(1)
  expect(stuck.stderr).toContain('imported: the old key still works, and which one it is at the provider is not known')
  expect(stuck.stderr).toContain('secrets adopt imported --previous --id ID --evidence TEXT')
  expect(c.live('api')).toHaveLength(2)
  expect((await c.secrets(['adopt', 'imported', '--previous', '--id', 'key-old', '--evidence', 'its page'])).stdout).toBe(
    'imported: recorded as key-old at its provider\n',
  )
  expect((await c.secrets(['rotate', 'imported'])).stdout).toBe('imported: done, version 2\n')
  expect(c.live('api')).toEqual([c.env().API_KEY])
})

test('without a date or an id, evidence, or with a date that cannot be, nothing is recorded', async () => {
  await using c = await newCase()
  const before = c.tree()
  const evidence = ['--evidence', 'x']
  const refused = [
    [['adopt', 'jwt', ...evidence], 'adopt wants --created DATE or --id ID'],
    [['adopt', 'jwt', '--created', '2025-01-01'], 'adopt wants --evidence TEXT'],
    [['adopt', 'jwt', '--created', '2025-02-30', ...evidence], '--created: "2025-02-30" is no date'],
    [['adopt', 'jwt', '--created', 'yesterday', ...evidence], '--created: "yesterday" is no date'],
    [['adopt', 'jwt', '--created', '2999-01-01', ...evidence], '--created: 2999-01-01 lies in the future'],
    [['adopt', 'jwt', '--id', '{"a":', ...evidence], '--id: this begins like JSON and is none'],
    [['adopt', 'jwt', '--previous', '--created', '2025-01-01', ...evidence], 'jwt: there is no earlier version'],
    [['adopt', 'nobody', '--created', '2025-01-01', ...evidence], 'no secret and no variable is named "nobody"'],
  ] as const
  for (const [args, message] of refused) {
    const { code, stdout, stderr } = await c.run([...args])
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)])
  }
  expect((await c.run(['adopt', 'empty', '--created', '2025-01-01', ...evidence])).stderr).toContain('empty has no value in the store yet')
  expect(c.tree()).toEqual(before)
})
