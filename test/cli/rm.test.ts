import { expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { newCase } from './changing/case.ts'

test('a secret leaves the inventory; comments, the files and its versions stay', async () => {
  await using c = await newCase()
  const [inventory, text] = [c.project.read('secrets.yaml'), c.project.read('.env')]
  const { stdout, stderr } = await c.secrets(['rm', 'VENDOR_API_KEY', '--yes', '--reason', 'contract ended'])
  expect([stdout, stderr]).toEqual(['vendor: taken out of the inventory; VENDOR_API_KEY stays in your files until you take it out\n', ''])
  expect(c.project.read('secrets.yaml')).toBe(inventory.replace(/^ {2}vendor: .*\n/m, ''))
  expect(c.project.read('.env')).toBe(text)
  expect((await c.secrets(['history'])).stdout).toContain('removed from the inventory: contract ended')
  expect((await c.run(['get', 'vendor'])).code).toBe(2)
  // Given again under the same name, it goes on where it was.
  const value = canary()
  await c.secrets(['set', 'VENDOR_API_KEY', '--yes'], { input: value })
  const { document } = await c.json(['status', 'vendor'])
  expect(document.secrets[0]).toMatchObject({ name: 'vendor', version: '2' })
})

test('it is asked for on a terminal, and without one only --yes does it', async () => {
  await using c = await newCase()
  const before = c.tree()
  const alone = await c.json(['rm', 'jwt'])
  expect([alone.code, alone.document]).toMatchObject([2, { code: 'NOT_A_TERMINAL', hint: 'use --yes' }])
  const refused = await c.answer(['rm', 'jwt'], [['Take jwt out of', '']])
  expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('nothing was changed')])
  expect(c.tree()).toEqual(before)
  expect((await c.json(['rm', 'jwt', '--yes'])).document).toEqual({ schema: 'keyturn/rm@1', name: 'jwt', variables: ['JWT_SECRET'] })
})

test('what is in a rotation, or what a template or another secret needs, stays', async () => {
  await using c = await newCase()
  c.edit('  - file: .env\n', '  - file: .env\n    vars: { API_URL: "https://{api.value|url}@example.org/" }\n')
  await c.secrets(['rotate', 'slow'])
  const before = c.tree()
  const open = await c.run(['rm', 'slow', '--yes'])
  expect([open.code, open.stderr]).toEqual([1, expect.stringContaining('slow: a rotation is open, and its old value must not be forgotten')])
  const needed = await c.run(['rm', 'api', '--yes'])
  expect(needed.code).toBe(2)
  expect(needed.stderr).toMatch(/api cannot be taken out: .*secrets\.yaml still needs it\n {2}secrets\.yaml:\d+:\d+: .*api/)
  expect((await c.run(['rm', 'nobody', '--yes'])).stderr).toContain('no secret and no variable is named "nobody"')
  expect(c.tree()).toEqual(before)
})

test.each(['vendor', 'VENDOR_API_KEY'])('ended in the middle and given again (%s), it takes the rest out of the store, and says so', async (name) => {
  await using c = await newCase()
  const inventory = c.project.read('secrets.yaml')
  // What a kill right after the inventory was written leaves.
  c.project.write('secrets.yaml', inventory.replace(/^ {2}vendor: .*\n/m, ''))
  const refused = await c.answer(['rm', name], [['Take what is left of it out of the store?', '']])
  expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('nothing was changed')])
  expect(await c.secrets(['rm', name, '--yes', '--reason', 'contract ended'])).toMatchObject({
    stdout: 'vendor: it had left the inventory already; its value is taken out of the store now\n',
    stderr: '',
  })
  expect((await c.secrets(['history'])).stdout).toContain('removed from the inventory: contract ended')
  expect(await c.run(['rm', name, '--yes'])).toMatchObject({ code: 2, stderr: expect.stringContaining(`no secret and no variable is named "${name}"`) })
  // Nothing of it is read any more: declared once more, it has no value.
  c.project.write('secrets.yaml', inventory)
  expect((await c.run(['get', 'vendor'])).code).toBe(1)
  expect((await c.secrets(['get', 'jwt'], { reveals: [c.env().JWT_SECRET ?? ''] })).stdout).toBe(c.env().JWT_SECRET)
})

test('of a secret that left the inventory with a rotation open nothing is taken', async () => {
  await using c = await newCase()
  await c.secrets(['rotate', 'slow'])
  c.project.write('secrets.yaml', c.project.read('secrets.yaml').replace(/ {2}slow:\n( {4}.*\n)+/, ''))
  const result = await c.run(['rm', 'slow', '--yes'])
  expect([result.code, result.stderr]).toEqual([1, expect.stringContaining('slow: a rotation is open')])
})

test.each([
  ['before the inventory is written', 'temp half written', 0],
  ['between the inventory and the store', 'locked#2', 0],
  ['between the store and the record', 'removed', 0],
  // Only the last word was missing: there is nothing left to take.
  ['when all was recorded', 'ledger:committed', 2],
])('killed %s and given again, nothing of it is left in the store', async (_, point, code) => {
  await using c = await newCase()
  const inventory = c.project.read('secrets.yaml')
  const killed = await c.run(['rm', 'vendor', '--yes'], { build: 'test', env: { KEYTURN_TEST_KILL_AT: point } })
  expect(killed.signal, point).toBe('SIGKILL')
  expect((await c.run(['rm', 'vendor', '--yes'])).code).toBe(code)
  expect(c.project.read('secrets.yaml')).not.toContain('vendor')
  expect((await c.secrets(['history'])).stdout).toContain('removed from the inventory')
  c.project.write('secrets.yaml', inventory)
  expect((await c.run(['get', 'vendor'])).code).toBe(1)
})
