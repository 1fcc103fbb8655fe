import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { command } from '../../src/rotators/command.ts'
import { manual } from '../../src/rotators/manual.ts'
import { random } from '../../src/rotators/random.ts'
import { Sensitive } from '../../src/sensitive.ts'
import type { Json } from '../../src/terms.ts'
import { rotatorContract } from '../contract/rotator.ts'
import { canary } from '../support/canary.ts'
import { seededRandom } from '../support/random.ts'
import { rotatorContext, storedVersion } from '../support/rotator-context.ts'

rotatorContract('random', async () => {
  const params = random.params.parse({ length: 30 }) as Json
  const source = seededRandom(canary())
  return {
    spec: random,
    params,
    first: storedVersion({ value: canary() }),
    context: (more) => rotatorContext<unknown>(params, { ...more, random: source }),
    accepts: async () => null,
    held: async () => '',
    stop: async () => {},
  }
})

rotatorContract('manual, where the new value replaces the old one', async () => {
  const params = manual.params.parse({ replaces: true, pattern: 'canary-.*' }) as Json
  return {
    spec: manual,
    params,
    first: storedVersion({ value: canary() }),
    context: (more) => rotatorContext<unknown>(params, more),
    invent: () => new Sensitive({ value: canary() }),
    accepts: async () => null,
    held: async () => '',
    stop: async () => {},
  }
})

const example = path.resolve('docs/rotators/examples/accounts-file.mjs')

/** Knows `set`: the file holds one password for each user. */
const SETTER = `
import { text } from 'node:stream/consumers'
import { readFileSync, writeFileSync } from 'node:fs'
const q = JSON.parse(await text(process.stdin))
const answer = {
  set: () => (writeFileSync(q.with.file, q.version.fields.value), { ok: true }),
  test: () => (readFileSync(q.with.file, 'utf8') === q.version.fields.value ? { ok: true } : { rejected: true }),
}[q.verb]()
process.stdout.write(JSON.stringify(answer))
`

rotatorContract('command, where the provider makes the value', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-contract-'))
  const file = path.join(dir, 'keys.json')
  const value = canary()
  writeFileSync(file, JSON.stringify({ 'key-0': { value, label: 'by hand' } }))
  const params = command.params.parse({ command: [process.execPath, example], verbs: ['create', 'test', 'revoke', 'orphans'], with: { file } }) as Json
  return {
    spec: command,
    params,
    first: storedVersion({ value }, 'kt_test.secret.0', { rotator: 'command', params, id: 'key-0' }),
    context: (more) => rotatorContext<unknown>(params, { ...more, dir }),
    accepts: async (version) => readFileSync(file, 'utf8').includes(version.fields.reveal().value ?? ''),
    held: async () => readFileSync(file, 'utf8'),
    stop: async () => rmSync(dir, { recursive: true }),
  }
})

rotatorContract('command, where Keyturn makes the value', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'keyturn-contract-'))
  const [file, program] = [path.join(dir, 'password'), path.join(dir, 'set.mjs')]
  const value = canary()
  writeFileSync(file, value)
  writeFileSync(program, SETTER)
  const params = command.params.parse({ command: [process.execPath, program], verbs: ['set', 'test'], overlap: false, with: { file } }) as Json
  const source = seededRandom(value)
  return {
    spec: command,
    params,
    first: storedVersion({ value }),
    context: (more) => rotatorContext<unknown>(params, { ...more, dir, random: source }),
    accepts: async (version) => readFileSync(file, 'utf8') === version.fields.reveal().value,
    held: async () => readFileSync(file, 'utf8'),
    stop: async () => rmSync(dir, { recursive: true }),
  }
})
