import { expect, test } from 'vitest'
import { newCase } from './changing/case.ts'

const lastUsed = (at: Date) => JSON.stringify({ ok: true, last_used_at: at.toISOString() })

test('an old key that the provider saw after everything was proved is not revoked; when is named, and it is asked again when it may have been quiet', async () => {
  await using c = await newCase()
  const command = 'api:\n    env: API_KEY\n    rotator: { kind: command, command: [node, ../home/provider.mjs], verbs: ['
  // A verb that the program learns later counts for the keys that are there already.
  c.edit(`${command}create`, `${command}describe, create`)
  const old = c.env().API_KEY
  const at = new Date(Date.now() + 60_000)
  c.knob('api', 'fail-describe', lastUsed(at))
  const held = await c.run(['rotate', 'api'])
  expect(held.code).toBe(1)
  expect(held.stderr).toContain(`api: the old credential was used at ${at.toISOString()}, after everything that is declared proved to run on the new one`)
  expect(held.stderr).toContain('secrets revoke api --previous')
  expect(c.live('api')).toEqual([old, c.env().API_KEY])
  expect(c.running()).toEqual(c.env())
  const status = (await c.run(['status', 'api'])).stdout
  expect(status).toMatch(/rotating +api .*old key is in use/)
  expect(status).toContain(at.toISOString())
  const { document } = await c.json(['history', 'api'])
  const failed = document.events.findLast(({ event }: { event: { type: string } }) => event.type === 'failed')
  // Five minutes of quiet, since the grace of the case is none.
  expect(failed.event.retryAt - Date.parse(failed.at)).toBeGreaterThan(4.9 * 60_000)

  await c.secrets(['revoke', 'api', '--previous', '--yes'])
  expect(c.live('api')).toEqual([c.env().API_KEY])
})

test('an old key that was last used before the proofs is revoked', async () => {
  await using c = await newCase()
  c.edit(
    'command, command: [node, ../home/provider.mjs], verbs: [create, test, revoke, orphans], with: { at: ../home/api }',
    'command, command: [node, ../home/provider.mjs], verbs: [create, test, revoke, orphans, describe], with: { at: ../home/api }',
  )
  c.knob('api', 'fail-describe', lastUsed(new Date(Date.now() - 3_600_000)))
  await c.secrets(['rotate', 'api'])
  expect(c.live('api')).toEqual([c.env().API_KEY])
})
