import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requiredBy } from '../../src/reports/required.ts'
import type { Inventory } from '../../src/terms.ts'
import { inventoryOf, outputOf, secretOf } from '../policy/states.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'required-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const project = (text: string | null, rules: Inventory['rules'], host = 'here') => {
  if (text !== null) writeFileSync(join(dir, '.env'), text)
  const jwt = secretOf('jwt', { env: { JWT_SECRET: 'value' } })
  return requiredBy({ ...inventoryOf([jwt]), outputs: [{ ...outputOf({ file: '.env' }), target: join(dir, '.env'), host }], rules }, 'here')
}
const loopback: Inventory['rules'] = [{ when: { UVICORN_HOST: 'not-loopback' }, require: ['JWT_SECRET'] }]

describe('rules of the inventory', () => {
  it('ask for a secret where the condition holds, with the reason', () => {
    expect(project('UVICORN_HOST=0.0.0.0\n', loopback)).toEqual({ secrets: new Map([['jwt', ['UVICORN_HOST is 0.0.0.0']]]), undeclared: [] })
  })

  it.each([['UVICORN_HOST=127.0.0.1\n'], ['# UVICORN_HOST=0.0.0.0\n'], [null], ["broken='\n"]])('ask for nothing with %j', (text) => {
    expect(project(text, loopback).secrets.size).toBe(0)
  })

  it('ask nothing of an output that is not on this host', () => {
    expect(project('UVICORN_HOST=0.0.0.0\n', loopback, 'elsewhere').secrets.size).toBe(0)
  })

  it('need every condition to hold', () => {
    const rules = [{ when: { HEALTH_ENABLED: ['1', 'true'], HEALTH_BIND_HOST: '0.0.0.0' }, require: ['JWT_SECRET'] }]
    expect(project('HEALTH_ENABLED=1\nHEALTH_BIND_HOST=0.0.0.0\n', rules).secrets.get('jwt')).toEqual(['HEALTH_ENABLED is 1 and HEALTH_BIND_HOST is 0.0.0.0'])
    expect(project('HEALTH_ENABLED=0\nHEALTH_BIND_HOST=0.0.0.0\n', rules).secrets.size).toBe(0)
  })

  it('name a variable that no secret has, unless the file sets it', () => {
    const rules = [{ when: { UVICORN_HOST: 'not-loopback' }, require: ['API_TOKEN'] }]
    expect(project('UVICORN_HOST=0.0.0.0\n', rules).undeclared).toEqual([
      'API_TOKEN must have a value, since UVICORN_HOST is 0.0.0.0 in .env, and no secret has it: secrets set API_TOKEN',
    ])
    expect(project('UVICORN_HOST=0.0.0.0\nAPI_TOKEN=canary-1\n', rules).undeclared).toEqual([])
  })

  it('look at no value of a secret: only whether it is set', () => {
    const made = project('JWT_SECRET=canary-value-1\n', [{ when: { JWT_SECRET: 'canary-value-1' }, require: ['JWT_SECRET'] }])
    expect(made.secrets.size).toBe(0)
    const set = project('JWT_SECRET=canary-value-1\n', [{ when: { JWT_SECRET: ['set', 'x'] }, require: ['API_TOKEN'] }])
    expect(JSON.stringify(set)).not.toContain('canary')
    expect(set.undeclared).toHaveLength(1)
  })
})
