import { expect, test } from 'vitest'
import { createOutput } from '../../cli/output.ts'
import { wrap } from '../../cli/wrap.ts'

test('a long line is broken between words and hangs behind its label', () => {
  expect(wrap('  note       a person makes the new value at the provider and gives it\n  overlap    none', 44)).toBe(
    '  note       a person makes the new value at\n             the provider and gives it\n  overlap    none',
  )
})

test('a line without a label hangs two columns in', () => {
  expect(wrap('Note: DATABASE_URL: the password inside is that of another variable', 44)).toBe(
    'Note: DATABASE_URL: the password inside is\n  that of another variable',
  )
})

test('what is quoted stays together, and what fits stays as it is', () => {
  expect(wrap('declared there. Then give it: run "secrets set NAME"', 44)).toBe('declared there. Then give it: run\n  "secrets set NAME"')
  expect(wrap('short   and   spaced', 44)).toBe('short   and   spaced')
  expect(wrap('a word longer than the screen: https://example.org/a/very/long/page/of/keys', 44)).toBe(
    'a word longer than the screen:\n  https://example.org/a/very/long/page/of/keys',
  )
  expect(wrap('too narrow to gain anything', 10)).toBe('too narrow to gain anything')
})

test('colours take no room, and a question keeps the space behind it', () => {
  expect(wrap('\u001b[31m! attention  openai  old key still works\u001b[0m', 44)).toBe('\u001b[31m! attention  openai  old key still works\u001b[0m')
  expect(wrap('Take a-secret-of-some-length out of /srv/app/secrets.yaml? [y/N] ', 44)).toBe(
    'Take a-secret-of-some-length out of\n  /srv/app/secrets.yaml? [y/N] ',
  )
})

test('everything that is said on a terminal is broken between words; a stream, a document and a pipe are not', async () => {
  const text = 'a sentence that is much longer than the forty-four columns of this terminal'
  const broken = 'a sentence that is much longer than the\n  forty-four columns of this terminal\n'
  const written = (isTTY: boolean) => {
    const said: string[] = []
    const sink = { isTTY, columns: 44, write: (piece: string) => said.push(piece) }
    const out = createOutput({ stdout: sink, stderr: sink, json: false, quiet: false, color: false, level: 'info' })
    return { out, all: () => said.splice(0).join('') }
  }
  const { out, all } = written(true)
  for (const say of [out.print, out.say, out.note]) {
    say(text)
    expect(all()).toBe(broken)
  }
  out.warn(text, text)
  for (const line of all().split('\n')) expect(line.length).toBeLessThanOrEqual(44)
  await out.stream([text, '\n'])
  expect(all()).toBe(`${text}\n`)
  out.document({ text })
  expect(all()).toContain(text)
  const piped = written(false)
  piped.out.say(text)
  piped.out.warn(text, text)
  expect(piped.all()).toBe(`${text}\nsecrets: warning: ${text}\nsecrets: hint: ${text}\n`)
})
