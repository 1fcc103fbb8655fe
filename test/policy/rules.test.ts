import { describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../src/policy/catalogue.ts'
import { evaluate, RULES, type RuleInput, type RuleName } from '../../src/policy/rules.ts'
import type { Secret } from '../../src/terms.ts'
import { DAY, factsOf, NOW, rotationOf, secretOf, stateOf, versionOf } from './states.ts'

const judge = (secret: Secret, differs: Partial<RuleInput> = {}) =>
  evaluate({ secret, state: stateOf(secret), now: NOW, attention: null, guided: false, sharedWith: () => [], ...differs })
const brief = (findings: ReturnType<typeof judge>) => findings.map(({ rule, severity }) => `${severity} ${rule}`)
const aged = (secret: Secret, ageDays: number) => stateOf(secret, { current: versionOf(secret, { ageDays }) })
const known = (secret: Secret, facts: Parameters<typeof factsOf>[1]) =>
  stateOf(secret, { current: versionOf(secret, { facts: { value: factsOf('a', facts) } }) })

const openai = secretOf('openai', { env: { OPENAI_API_KEY: 'value' } })

describe('rules', () => {
  it('find nothing wrong with a young strong secret', () => {
    expect(judge(openai)).toEqual([])
  })

  it('find a secret due when the overlap would no longer fit, and overdue at the limit', () => {
    expect(brief(judge(openai, { state: aged(openai, 75.9) }))).toEqual([])
    expect(brief(judge(openai, { state: aged(openai, 76) }))).toEqual(['due rotate-before'])
    expect(brief(judge(openai, { state: aged(openai, 89.9) }))).toEqual(['due rotate-before'])
    expect(brief(judge(openai, { state: aged(openai, 90) }))).toEqual(['overdue max-age'])
  })

  it('say how far over it is, and what to type', () => {
    expect(judge(openai, { state: aged(openai, 143.75) })).toEqual([
      { rule: 'max-age', severity: 'overdue', message: '143 days old, limit 90', hint: 'secrets rotate openai', why: '53 days over' },
    ])
  })

  it('call an unknown age overdue, until somebody adopts it', () => {
    const state = stateOf(openai, { current: versionOf(openai, { bornAt: null, source: 'unknown' }) })
    const [finding] = judge(openai, { state })
    expect(finding).toMatchObject({ rule: 'age-unknown', severity: 'overdue' })
    expect(finding?.hint).toContain('secrets adopt openai --created')
  })

  it('say "at least" where the age is that of a file', () => {
    const state = stateOf(openai, { current: versionOf(openai, { ageDays: 100, source: 'file' }) })
    expect(judge(openai, { state })[0]?.message).toBe('at least 100 days old, limit 90')
  })

  it('exempt from age what is never rotated, but not from strength', () => {
    const never = secretOf('n8n', { rotator: { kind: 'none', params: {} }, reason: 'encrypts stored data' })
    expect(judge(never, { state: aged(never, 1000) })).toEqual([])
    const state = known(never, { weak: 'published default' })
    expect(judge(never, { state })[0]?.hint).toContain('encrypts stored data')
  })

  it('name the variable of a published default', () => {
    expect(judge(openai, { state: known(openai, { weak: 'published default' }) })[0]).toMatchObject({
      rule: 'published-default',
      severity: 'violation',
      message: 'OPENAI_API_KEY is a published default: everybody knows it',
    })
  })

  it('find what is weak, short and easy', () => {
    expect(brief(judge(openai, { state: known(openai, { weak: 'a keyboard walk', length: 8, entropyBits: 20 }) }))).toEqual([
      'violation weak',
      'violation min-length',
      'violation min-entropy',
    ])
  })

  it('say of what is short or easy how much is there of what is asked for', () => {
    const whys = (differs: Parameters<typeof known>[1]) => judge(openai, { state: known(openai, differs) }).map(({ why }) => why)
    expect(whys({ length: 8, entropyBits: 90 })).toEqual(['weak: 8 of 16 characters'])
    expect(whys({ length: 20, entropyBits: 73.4 })).toEqual(['weak: about 73 of 80 bits'])
  })

  it('ask no strength of an identifier', () => {
    expect(judge(openai, { state: known(openai, { length: 3, entropyBits: 0, identifier: true }) })).toEqual([])
  })

  it('find a value used twice', () => {
    const [finding] = judge(openai, { sharedWith: () => ['deepgram', 'twilio'] })
    expect(finding).toMatchObject({ rule: 'reuse', severity: 'violation', message: 'OPENAI_API_KEY has the same value as deepgram, twilio' })
  })

  it('find a value that stands in another environment', () => {
    const state = known(openai, { elsewhere: ['openai in staging', 'openai in test'] })
    expect(judge(openai, { state })[0]).toMatchObject({
      rule: 'other-environment',
      severity: 'violation',
      message: 'OPENAI_API_KEY has the same value as openai in staging, openai in test',
      why: 'same value as openai in staging',
    })
  })

  it('find a value that was used before and replaced, and not one that stayed', () => {
    const version = (n: number, mark: string, differs = {}) => versionOf(openai, { n, facts: { value: factsOf(mark) }, ...differs })
    const replaced = { replacedAt: NOW - 30 * DAY }
    const judged = (...[current, ...former]: readonly [ReturnType<typeof version>, ...ReturnType<typeof version>[]]) =>
      judge(openai, { state: stateOf(openai, { current, former }) })
    expect(judged(version(3, 'a'), version(2, 'b', replaced), version(1, 'a', replaced))[0]).toMatchObject({
      rule: 'used-before',
      severity: 'violation',
      message: 'OPENAI_API_KEY is the value of version 1, replaced 2026-10-22, in use again',
    })
    expect(judged(version(3, 'c'), version(2, 'b'), version(1, 'a'))).toEqual([])
    // A field that the last rotation left alone.
    expect(judged(version(2, 'a'), version(1, 'a'))).toEqual([])
    // Gone back to: the same version is in force once more.
    expect(brief(judged(version(1, 'a'), version(2, 'b')))).toEqual(['info used-before'])
  })

  it('find what its provider ends soon, also where it is never rotated, and no sooner than the overlap needs', () => {
    const ending = (secret: Secret, inDays: number) => stateOf(secret, { current: versionOf(secret, { expiresAt: NOW + inDays * DAY }) })
    expect(judge(openai, { state: ending(openai, 15) })).toEqual([])
    expect(judge(openai, { state: ending(openai, 13) })[0]).toMatchObject({
      rule: 'expiry',
      severity: 'due',
      why: 'expires in 13 days',
      hint: 'secrets rotate openai',
    })
    expect(judge(openai, { state: ending(openai, -1) })[0]).toMatchObject({
      rule: 'expiry',
      severity: 'overdue',
      message: 'its provider ended it on 2026-11-20',
    })
    const never = secretOf('certificate', { rotator: { kind: 'none', params: {} }, reason: 'made by the operator' })
    expect(brief(judge(never, { state: ending(never, 3) }))).toEqual(['due expiry'])
    expect(brief(judge(openai, { state: { ...ending(openai, 3), rotation: rotationOf(openai) } }))).toEqual([])
  })

  it('ask for a value where a rule of the inventory does', () => {
    const required = ['UVICORN_HOST is 0.0.0.0']
    expect(judge(openai, { state: null, required })).toEqual([
      {
        rule: 'required',
        severity: 'violation',
        message: 'OPENAI_API_KEY must have a value, since UVICORN_HOST is 0.0.0.0',
        hint: 'secrets rotate openai',
        why: 'needed: UVICORN_HOST is 0.0.0.0',
      },
    ])
    expect(judge(openai, { required })).toEqual([])
  })

  it('say what an easy value is made of', () => {
    expect(judge(openai, { state: known(openai, { entropyBits: 65, pattern: 'dictionary words' }) })[0]?.message).toContain('about 65 bits (dictionary words)')
  })

  it('find a secret without a value', () => {
    expect(judge(openai, { state: null })[0]).toMatchObject({ rule: 'no-value', severity: 'info', hint: 'secrets rotate openai' })
    expect(judge(openai, { state: null, guided: true })[0]).toMatchObject({ hint: 'secrets set openai' })
  })

  it('put what a person must decide before everything', () => {
    const attention = { reason: 'old key still works, because of this', hint: 'secrets revoke openai --previous' }
    const findings = judge(openai, { state: aged(openai, 100), attention })
    expect(brief(findings)).toEqual(['attention attention', 'overdue max-age'])
    expect(findings[0]?.why).toBe('old key still works')
  })

  it('find an old value that outlives its limit while the new one is in use', () => {
    const old = versionOf(openai, { n: 1, ageDays: 91, replacedAt: NOW - DAY })
    const current = versionOf(openai, { n: 2, ageDays: 1 })
    const rotation = rotationOf(openai, { retiring: old, made: current, promote: { pos: 5, at: NOW - DAY } })
    expect(brief(judge(openai, { state: stateOf(openai, { current, former: [old], rotation }) }))).toEqual(['overdue old-alive'])
    const dead = { ...old, deadAt: NOW - DAY }
    expect(brief(judge(openai, { state: stateOf(openai, { current, former: [dead], rotation }) }))).toEqual([])
  })

  it('do not call a secret due that is being rotated', () => {
    const state = { ...aged(openai, 80), rotation: rotationOf(openai) }
    expect(judge(openai, { state })).toEqual([])
  })

  it('tell of a rotation that was given up', () => {
    const state = stateOf(openai, { last: { rotation: 'r1', outcome: 'back', at: NOW - DAY, note: 'PROVIDER_CONFIG: module off' } })
    expect(judge(openai, { state })[0]).toMatchObject({ rule: 'given-up', severity: 'info' })
  })

  it('only remark on a shape', () => {
    expect(brief(judge(openai, { state: known(openai, { shape: 'does not look like a key of openai' }) }))).toEqual(['info shape'])
  })
})

describe('exceptions', () => {
  const accepting = (rule: string, untilDays: number) =>
    secretOf('openai', { accept: [{ rule, until: NOW + untilDays * DAY, reason: 'vendor freeze', by: 'ops' }] })

  it('turn a finding into a remark that is counted, until their day', () => {
    const [finding] = judge(accepting('max-age', 10), { state: aged(openai, 100) })
    expect(finding).toMatchObject({ rule: 'max-age', severity: 'info', accepted: { by: 'ops' } })
    expect(finding?.message).toContain('accepted until 2026-12-01 by ops: vendor freeze')
  })

  it('end: then the finding is back, and says so', () => {
    const [finding] = judge(accepting('max-age', -1), { state: aged(openai, 100) })
    expect(finding).toMatchObject({ severity: 'overdue' })
    expect(finding?.message).toContain('the exception by ops ended 2026-11-20')
  })

  it('from the limit cover the due date and the unknown age too, and nothing else', () => {
    expect(judge(accepting('max-age', 10), { state: aged(openai, 80) })[0]).toMatchObject({ rule: 'rotate-before', severity: 'info' })
    expect(judge(accepting('max-age', 10), { state: known(openai, { weak: 'published default' }) })[0]).toMatchObject({ severity: 'violation' })
  })

  it('never cover what a person must decide', () => {
    const attention = { reason: 'both values work', hint: 'look' }
    expect(judge(accepting('attention', 10), { attention })[0]).toMatchObject({ severity: 'attention' })
  })
})

describe('the catalogue', () => {
  it('names every rule, and the severities that it has', () => {
    expect(Object.keys(CATALOGUE)).toEqual(expect.arrayContaining(Object.keys(RULES)))
    const old = versionOf(openai, { n: 1, ageDays: 91, replacedAt: NOW - DAY })
    const rotation = rotationOf(openai, { retiring: old, promote: { pos: 5, at: NOW - DAY } })
    const weakest = { weak: 'a date', length: 3, entropyBits: 3, shape: 'x', elsewhere: ['b in c'] }
    const everything = [
      ...judge(openai, { state: null }),
      ...judge(openai, { state: null, required: ['A is set'], attention: { reason: 'a', hint: 'b' } }),
      ...judge(openai, { state: known(openai, weakest), sharedWith: () => ['b'] }),
      ...judge(openai, { state: known(openai, { weak: 'placeholder' }) }),
      ...judge(openai, { state: aged(openai, 80) }),
      ...judge(openai, { state: aged(openai, 100) }),
      ...judge(openai, { state: stateOf(openai, { current: versionOf(openai, { bornAt: null }) }) }),
      ...judge(openai, { state: stateOf(openai, { current: versionOf(openai, { n: 2, expiresAt: NOW }), former: [old], rotation }) }),
      ...judge(openai, { state: stateOf(openai, { current: versionOf(openai, { n: 1 }), former: [versionOf(openai, { n: 2 })] }) }),
      ...judge(openai, { state: stateOf(openai, { last: { rotation: 'r1', outcome: 'back', at: NOW, note: null } }) }),
    ]
    expect([...new Set(everything.map(({ rule }) => rule))].sort()).toEqual(Object.keys(RULES).sort())
    for (const { rule, severity } of everything) expect(CATALOGUE[rule as RuleName].severity).toContain(severity)
  })

  it('lets nobody except what is only a remark or a decision', () => {
    for (const { severity, accept } of Object.values(CATALOGUE)) expect(accept).toBe(!severity.every((one) => one === 'info' || one === 'attention'))
  })
})
