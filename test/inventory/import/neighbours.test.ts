import { describe, expect, test } from 'vitest'
import { readComposeFile } from '../../../src/inventory/import/compose-file.ts'
import { notesOnRelatives, relativesOf } from '../../../src/inventory/import/family.ts'
import { notesOnManager, readManagerConf } from '../../../src/inventory/import/manager-conf.ts'
import { readUnitFile } from '../../../src/inventory/import/unit-file.ts'

const DRAWN = 'canaryZq3vT8yLk2PwXr5NbJ7'

describe('a compose file', () => {
  const compose = (text: string) => readComposeFile('compose.yaml', text)

  test('names literal secrets with their line, in both forms of environment', () => {
    const { notes } = compose(`services:
  api:
    environment:
      ORCHARD_TOKEN: ${DRAWN}
      LOG_LEVEL: info
      OTHER_TOKEN: \${OTHER_TOKEN}
  db:
    environment:
      - POSTGRES_PASSWORD=canary-pw
      - TZ=UTC
      - PASSED_ON_TOKEN
`)
    expect(notes).toEqual([
      'compose.yaml, line 4 holds the value of ORCHARD_TOKEN: write ${ORCHARD_TOKEN} there, and the value into the env file',
      'compose.yaml, line 9 holds the value of POSTGRES_PASSWORD: write ${POSTGRES_PASSWORD} there, and the value into the env file',
    ])
  })

  test('names them behind anchors and merge keys, once', () => {
    const { notes } = compose(`x-common: &common
  ORCHARD_TOKEN: ${DRAWN}
services:
  a: { environment: *common }
  b:
    environment:
      <<: *common
      MODE: b
`)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toContain('line 2')
  })

  test('calls a fallback of a secret what it is: known to everybody', () => {
    const { notes } = compose(
      'services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:-canary-change}\n      MODE: ${MODE:-fast}\n      KEY_ID: ${KEY_ID-}\n',
    )
    expect(notes).toEqual(['compose.yaml, line 4: where DB_PASSWORD is not set, everybody who has read the file knows its value; write ${DB_PASSWORD:?} there'])
  })

  test('says that a build argument stays in the image', () => {
    const { notes } = compose('services:\n  web:\n    build:\n      context: .\n      args:\n        - NPM_TOKEN=$NPM_TOKEN\n        - NODE_ENV=production\n')
    expect(notes).toEqual([expect.stringContaining('line 6: the build argument NPM_TOKEN')])
  })

  test('tells the env files of services, in short and long form', () => {
    expect(compose('services:\n  a: { env_file: a.env }\n  b:\n    env_file:\n      - a.env\n      - path: b.env\n        required: false\n').envFiles).toEqual(
      ['a.env', 'b.env'],
    )
  })

  test('keeps silent about what is no compose file', () => {
    for (const text of ['', '- a', 'services: [1, 2]', 'services:\n  a: *nowhere\n', '{{ x }}: }', 'services: { a: { environment: 3, build: { args: x } } }'])
      expect(compose(text)).toEqual({ notes: [], envFiles: [] })
  })
})

test('a systemd unit: literal values, quotes, lines that go on, and the files it reads', () => {
  const { notes, envFiles } = readUnitFile(
    'agent.service',
    `[Service]\n; Environment=NO=${DRAWN}\nEnvironment=MODE=fast "ORCHARD_TOKEN=${DRAWN}" \\\n  'KITE_PASSWORD=canary pw'\nEnvironmentFile=-/etc/default/agent\n`,
  )
  expect(notes).toHaveLength(2)
  expect(notes.join('\n')).toMatch(/line 3 holds the value of ORCHARD_TOKEN[\s\S]*KITE_PASSWORD/)
  expect(envFiles).toEqual(['/etc/default/agent'])
  expect(notes.join('\n')).not.toContain('canary')
})

describe('manager.conf', () => {
  const text = `[general]
enabled = yes
;-- [ghost]
secret = canary-ghost --;
[base](!)
secret = canary-base ; not \\; this
[cron](base)
read = all
[admin]
secret = amp111
[admin](+)
write = all
#include "manager_custom.conf"
`

  test('has users, also from templates; comments and general are none', () => {
    const { users, includes } = readManagerConf(text)
    expect(users.map(({ name, line, published }) => [name, line, published])).toEqual([
      ['cron', 7, false],
      ['admin', 9, true],
    ])
    expect(users[0]?.secret?.tells((value) => value === 'canary-base')).toBe(true)
    expect(includes).toEqual(['manager_custom.conf'])
  })

  test('is told of by names', () => {
    const notes = notesOnManager('manager.conf', readManagerConf(text), (secret) => (secret.tells((value) => value === 'canary-base') ? 'AMI_SECRET' : null))
    expect(notes).toEqual([
      expect.stringContaining('the user cron logs in with AMI_SECRET'),
      expect.stringContaining('the user admin has a published default'),
      'manager.conf takes in manager_custom.conf, which was not read',
    ])
    expect(notes.join('\n')).not.toContain('canary')
  })
})

test('the family of .env: what is of another environment, what lies beside, what is a copy, and samples', () => {
  const names = [
    '.env',
    '.env.example',
    '.env.local',
    '.env.staging',
    '.env.production.local',
    '.env.bak',
    '.env.sample',
    '.env.vault',
    '.envrc',
    'worker.env',
    'sample.env',
    'README',
  ]
  const relatives = relativesOf(names, new Set(['.env']))
  expect(relatives.map(({ name, as, environment }) => `${name} ${as} ${environment ?? ''}`.trim())).toEqual([
    '.env.bak copy',
    '.env.local local',
    '.env.production.local environment production',
    '.env.staging environment staging',
    'worker.env local',
  ])
  expect(notesOnRelatives(relatives, ['.env'])).toContain('.env.staging is of another environment, and stays out: secrets init .env.staging -e staging')
})
