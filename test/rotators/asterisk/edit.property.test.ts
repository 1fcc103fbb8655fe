import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isKeyturnError } from '../../../src/errors.ts'
import { applyEdits, type Edit, replacePassword, restUser, wakeUser } from '../../../src/rotators/asterisk/edit.ts'
import { findUser } from '../../../src/rotators/asterisk/users.ts'
import { edited, readText } from './memory.ts'
import { randomConf } from './random-conf.ts'

/** The text without the edited stretches: what has to be there afterwards too. */
function untouched(text: string, edits: readonly Edit[]): readonly string[] {
  const parts: string[] = []
  let at = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(text.slice(at, edit.start))
    at = edit.end
  }
  return [...parts, text.slice(at)]
}

const password = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
    fc.array(fc.constantFrom(';', '\\', '-', '=', '>', 'a', ' ', '[', '"'), { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
  )
  .filter((text) => text === text.trim() && !/[\0\r\n]/.test(text) && !/^[^!-\uffff]|[^!-\uffff]$/.test(text))

test('any password goes into any file without moving another byte, and is read back; or the place is named', async () => {
  let changed = 0
  await fc.assert(
    fc.asyncProperty(randomConf, password, async (text, next) => {
      try {
        const conf = await readText(text)
        const user = findUser(conf, 'agent')
        if (user.state !== 'active') return
        const edits = replacePassword('agent', user, next)
        const { 'ari.conf': after = text } = await edited(conf, edits, 'agent', next)
        let at = 0
        for (const part of untouched(text, edits)) {
          at = after.indexOf(part, at)
          expect(at).not.toBe(-1)
          at += part.length
        }
        expect(after.split('\n')).toHaveLength(text.split('\n').length)
        changed++
      } catch (error) {
        if (!isKeyturnError(error, 'PROVIDER_CONFIG')) throw error
        expect(error.message).toMatch(/ari\.conf:\d+: /)
        // The reading back is the last resort: what it would find is found before, and named better.
        expect(error.message).not.toContain('without changing what else')
      }
    }),
    { numRuns: 500 },
  )
  expect(changed).toBeGreaterThan(50)
})

test('a user that is put to rest and woken again stands in the file as before', async () => {
  await fc.assert(
    fc.asyncProperty(randomConf, password, async (text, next) => {
      try {
        const conf = await readText(text)
        const user = findUser(conf, 'agent')
        if (user.state !== 'active' || user.password === undefined) return
        const { 'ari.conf': resting = '' } = await edited(conf, restUser('agent', user), 'agent', null)
        const then = await readText(resting)
        const rested = findUser(then, 'agent')
        if (rested.state !== 'resting') throw new Error(rested.state)
        const { 'ari.conf': awake = '' } = await edited(then, wakeUser('agent', rested, next), 'agent', next)
        const again = await readText(awake)
        const back = findUser(again, 'agent')
        if (back.state !== 'active') throw new Error(back.state)
        // A second round changes nothing but the password.
        expect([...applyEdits(restUser('agent', back)).values()]).toEqual([resting])
      } catch (error) {
        if (!isKeyturnError(error, 'PROVIDER_CONFIG')) throw error
      }
    }),
    { numRuns: 300 },
  )
})
