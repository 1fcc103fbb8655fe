import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conflictsBetween, type Proposal, type ProposedSecret, propose } from '../../../src/inventory/import/propose.ts'
import { fillTemplate, parseTemplate } from '../../../src/inventory/template.ts'
import { envSource, proposalOf, WRITTEN_AT } from './env.ts'

const RANDOM = 'canaryZq3vT8yLk2PwXr5Nb'
const OTHER = 'canaryHj7mWd4cRt9QsB1Kx'

const only = (proposal: Proposal): ProposedSecret => {
  expect(proposal.secrets).toHaveLength(1)
  return proposal.secrets[0] as ProposedSecret
}
const byName = (proposal: Proposal, name: string): ProposedSecret => {
  const found = proposal.secrets.find((secret) => secret.name === name)
  expect(found, `${name} among ${proposal.secrets.map((secret) => secret.name).join(', ')}`).toBeDefined()
  return found as ProposedSecret
}

describe('names', () => {
  test.each([
    ['OPENAI_API_KEY', 'openai'],
    ['JWT_SECRET', 'jwt'],
    ['LOCAL_WS_AUTH_TOKEN', 'local-ws'],
    ['N8N_ENCRYPTION_KEY', 'n8n-encryption'],
    ['SECRET_KEY_BASE', 'secret-key-base'],
    ['API_KEY', 'api-key'],
    ['DATABASE_URL', 'database'],
    ['NEXT_PRIVATE_RESEND_API_KEY', 'resend'],
    ['stripeSecretKey', 'stripe'],
    ['GITEA__security__INTERNAL_TOKEN', 'gitea-security-internal'],
  ])('%s becomes %s', (variable, name) => expect(only(proposalOf(`${variable}=\n`)).name).toBe(name))

  test('two that would be the same get longer names', () => {
    const names = proposalOf('STRIPE_API_KEY=\nSTRIPE_SECRET_KEY=\nSTRIPE_TOKEN=\n').secrets.map((secret) => secret.name)
    expect(names).toEqual(['stripe', 'stripe-secret-key', 'stripe-token'])
  })
})

describe('what belongs together is one secret', () => {
  test('a login name and its password', () => {
    const ari = only(proposalOf(`ASTERISK_ARI_USERNAME=agent\nASTERISK_ARI_PASSWORD=${RANDOM}\n`))
    expect(ari).toMatchObject({ name: 'ari', env: { ASTERISK_ARI_USERNAME: 'username', ASTERISK_ARI_PASSWORD: 'password' }, bornAt: WRITTEN_AT, missing: null })
    expect(ari.fields?.tells((fields) => fields.username === 'agent' && fields.password === RANDOM)).toBe(true)
  })

  test.each([
    ['S3_ACCESS_KEY=AKIA\nS3_SECRET_KEY=', 's3', { S3_ACCESS_KEY: 'key_id', S3_SECRET_KEY: 'secret_key' }],
    ['AWS_ACCESS_KEY_ID=AKIA\nAWS_SECRET_ACCESS_KEY=', 'aws', { AWS_ACCESS_KEY_ID: 'key_id', AWS_SECRET_ACCESS_KEY: 'secret_key' }],
    ['LIVEKIT_API_KEY=devkey1\nLIVEKIT_API_SECRET=', 'livekit', { LIVEKIT_API_KEY: 'key_id', LIVEKIT_API_SECRET: 'secret' }],
    ['DISCOURSE_SMTP_USER_NAME=bot\nDISCOURSE_SMTP_PASSWORD=', 'discourse-smtp', { DISCOURSE_SMTP_USER_NAME: 'username', DISCOURSE_SMTP_PASSWORD: 'password' }],
    ['KEYCLOAK_ADMIN=boss\nKEYCLOAK_ADMIN_PASSWORD=', 'keycloak-admin', { KEYCLOAK_ADMIN: 'username', KEYCLOAK_ADMIN_PASSWORD: 'password' }],
  ])('%s', (text, name, env) => expect(only(proposalOf(`${text}${RANDOM}\n`))).toMatchObject({ name, env }))

  test('one random value under several names', () => {
    const shared = only(proposalOf(`ENGINE_TOKEN=${RANDOM}\nPANEL_ENGINE_TOKEN=${RANDOM}\n`))
    expect(shared.env).toEqual({ ENGINE_TOKEN: 'value', PANEL_ENGINE_TOKEN: 'value' })
  })

  test('but not one weak value that two services have in common', () => {
    expect(proposalOf('DB_PASSWORD=postgres\nREDIS_PASSWORD=postgres\n').secrets).toHaveLength(2)
  })

  test('one login that two programs of the project know', () => {
    const text = 'APP_ASTERISK_ARI_USERNAME=ari\nAPP_ASTERISK_ARI_SECRET=changeme\nASTERISK_ARI_USERNAME=ari\nASTERISK_ARI_SECRET=changeme\n'
    expect(Object.values(only(proposalOf(text)).env)).toEqual(['username', 'password', 'username', 'password'])
  })

  test('a password with a value and a login name without one stay apart', () => {
    expect(only(proposalOf(`REDIS_USERNAME=\nREDIS_PASSWORD=${RANDOM}\n`)).env).toEqual({ REDIS_PASSWORD: 'value' })
  })
})

describe('rotators', () => {
  test.each([
    [`JWT_SECRET=${RANDOM}`, 'random'],
    [`LOCAL_WS_AUTH_TOKEN=${RANDOM}`, 'random'],
    [`OPENAI_API_KEY=sk-${RANDOM}`, 'manual'],
    [`POSTGRES_PASSWORD=${RANDOM}`, 'manual'],
    [`SECRET_KEY=${RANDOM}`, 'manual'],
    ['JWT_SECRET="-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----"', 'manual'],
    [`VIDEO_ENC=${RANDOM}${OTHER}`, 'none'],
    [`DATABASE_URL=postgres://app:${RANDOM}@db/app`, 'manual'],
  ])('%s: %s', (line, kind) => expect(only(proposalOf(`${line}\n`)).rotator.kind).toBe(kind))

  test.each([
    'N8N_ENCRYPTION_KEY',
    'APP_KEY',
    'SECRET_KEY_BASE',
    'PASSWORD_SALT',
    'SALT',
    'VAPID_PRIVATE_KEY',
    'RAILS_MASTER_KEY',
    'RESTIC_PASSWORD',
    'CREDS_KEY',
    'APPSMITH_ENCRYPTION_PASSWORD',
    'ENCRYPTION_KEY_OLD',
  ])('%s encrypts stored data and is never rotated', (name) => {
    const { rotator } = only(proposalOf(`${name}=${RANDOM}\n`))
    expect(rotator.kind).toBe('none')
    expect(rotator.reason).not.toBe('')
  })

  test('a comment can make a key one that is never rotated', () => {
    expect(only(proposalOf(`# encrypts the credentials stored in the database\nVAULT_KEY=${RANDOM}\n`)).rotator.kind).toBe('none')
  })

  test('the ARI login gets its rotator with what the settings and files tell', () => {
    const login = `ASTERISK_ARI_USERNAME=agent\nASTERISK_ARI_PASSWORD=${RANDOM}\n`
    expect(byName(proposalOf(login), 'ari').rotator).toMatchObject({ kind: 'asterisk-ari', params: {} })
    expect(byName(proposalOf(`ASTERISK_HOST=127.0.0.1\nASTERISK_ARI_PORT=20071\n${login}`, 'ari.conf'), 'ari').rotator.params).toEqual({
      url: 'http://127.0.0.1:20071/ari',
      config: 'ari.conf',
    })
    expect(byName(proposalOf(`ASTERISK_HOST=pbx.example.org\n${login}`), 'ari').rotator.kind).toBe('manual')
  })
})

describe('URLs with a password', () => {
  test('one that repeats a login becomes a template that makes the same text', () => {
    const url = `postgresql://app:${RANDOM}@db:5432/app?a={b}`
    const proposal = proposalOf(`DB_USER=app\nDB_PASSWORD=${RANDOM}\nDATABASE_URL=${url}\n`)
    expect(proposal.secrets.map((secret) => secret.name)).toEqual(['db'])
    const template = proposal.outputs[0]?.vars.DATABASE_URL ?? ''
    expect(template).not.toContain(RANDOM)
    expect(fillTemplate(parseTemplate(template), ({ field }) => ({ username: 'app', password: RANDOM })[field] ?? '')).toBe(url)
  })

  test('one with a password of its own is a secret of its own', () => {
    const proposal = proposalOf(`DB_USER=app\nDB_PASSWORD=${RANDOM}\nDATABASE_URL=postgres://app:${OTHER}@db/app\n`)
    expect(proposal.secrets.map((secret) => secret.name)).toEqual(['db', 'database'])
  })

  test('a weak password is the same one only where the names fit', () => {
    expect(proposalOf('REDIS_PASSWORD=secret\nBROKER_URL=amqp://guest:secret@mq/\n').secrets).toHaveLength(2)
    expect(proposalOf('REDIS_PASSWORD=secret\nCACHE_URL=redis://:secret@redis/\n').secrets).toHaveLength(1)
  })

  test('one that two logins would fit is left alone', () => {
    const proposal = proposalOf('DB_PASSWORD=secret\nPOSTGRES_PASSWORD=secret\nDATABASE_URL=postgres://app:secret@db/\n')
    expect(proposal.secrets.map((secret) => secret.name)).toEqual(['db', 'postgres', 'database'])
  })
})

describe('what is not imported', () => {
  test('empty values and placeholders are declared without a value', () => {
    const proposal = proposalOf('OPENAI_API_KEY=\nDEEPGRAM_API_KEY=your-key-here\n')
    expect(proposal.secrets.map(({ name, missing, fields }) => [name, missing, fields])).toEqual([
      ['openai', 'empty', null],
      ['deepgram', 'placeholder', null],
    ])
    expect(proposal.remarks).toEqual([expect.stringContaining('DEEPGRAM_API_KEY')])
  })

  test("a shipped default is somebody's password, and is imported", () => {
    expect(only(proposalOf('ADMIN_PASSWORD=changeme\n')).fields).not.toBeNull()
    expect(only(proposalOf('OPENAI_API_KEY=changeme\n')).missing).toBe('placeholder')
  })

  test('references are no values', () => {
    const proposal = proposalOf(`DB_PASSWORD=${RANDOM}\nPGPASSWORD=\${DB_PASSWORD}\nOUTSIDE_TOKEN=\${FROM_SHELL}\n`)
    expect(proposal.secrets.map((secret) => secret.name)).toEqual(['db'])
  })

  test('of a name that is assigned twice the last value counts, and it is said', () => {
    const proposal = proposalOf(`JWT_SECRET=${OTHER}\nA=1\nJWT_SECRET=${RANDOM}\n`)
    expect(only(proposal).fields?.tells((fields) => fields.value === RANDOM)).toBe(true)
    expect(proposal.remarks).toEqual([expect.stringMatching(/JWT_SECRET is assigned 2 times in .env \(lines 1, 3\)/)])
  })

  test('the hash of a password', () => {
    expect(proposalOf("ADMIN_TOKEN='$argon2id$v=19$m=65540,t=3,p=4$c2FsdA$aGFzaA'\n").secrets).toEqual([])
  })

  test('a comment that Compose takes for a value', () => {
    const proposal = proposalOf('KROKO_API_KEY=   # your key\n')
    expect(only(proposal).missing).toBe('empty')
    expect(proposal.remarks).toEqual([expect.stringContaining('Compose takes the comment')])
  })
})

test('the dialects of a person: export, quotes, CRLF, a byte order mark, several lines', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----'
  const text = `\uFEFFexport JWT_SECRET="${RANDOM}" # signs\r\nOPENAI_API_KEY='sk-${OTHER}'\r\nAPP_SIGNING_KEY="${pem}"\r\nLOG_LEVEL=info\r\n`
  const proposal = proposalOf(text)
  expect(proposal.secrets.map((secret) => Object.keys(secret.env)[0])).toEqual(['JWT_SECRET', 'OPENAI_API_KEY', 'APP_SIGNING_KEY'])
  expect(proposal.secrets[0]?.fields?.tells((fields) => fields.value === RANDOM)).toBe(true)
  expect(proposal.secrets[2]?.fields?.tells((fields) => fields.value === pem)).toBe(true)
})

describe('several files', () => {
  test('each holds its own secrets, and what is the same in both is one', () => {
    const sources = [envSource(`A_TOKEN=${RANDOM}\nB_TOKEN=${OTHER}\n`), envSource(`A_TOKEN=${RANDOM}\n`, 'panel/.env')]
    expect(conflictsBetween(sources)).toEqual([])
    const proposal = propose(sources, null)
    expect(proposal.outputs).toEqual([
      { file: '.env', only: null, vars: {} },
      { file: 'panel/.env', only: ['a'], vars: {} },
    ])
  })

  test('one name with two values is a conflict, of a setting it is none', () => {
    const sources = [envSource(`A_TOKEN=${RANDOM}\nLOG_LEVEL=info\n`), envSource(`A_TOKEN=${OTHER}\nLOG_LEVEL=debug\n`, 'panel/.env')]
    expect(conflictsBetween(sources)).toEqual([{ name: 'A_TOKEN', files: ['.env', 'panel/.env'] }])
  })
})

test('nothing of a proposal but the boxes holds a value', () => {
  const name = fc.constantFrom(
    'OPENAI_API_KEY',
    'JWT_SECRET',
    'DB_USER',
    'DB_PASSWORD',
    'POSTGRES_PASSWORD',
    'ASTERISK_ARI_PASSWORD',
    'ASTERISK_ARI_USERNAME',
    'N8N_ENCRYPTION_KEY',
  )
  const value = fc.stringMatching(/^canary[A-Za-z0-9]{10,30}$/)
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), fc.option(value), (lines, inUrl) => {
      const url = inUrl === null ? '' : `DATABASE_URL=postgres://u:${inUrl}@db/x\n`
      const proposal = proposalOf(`${lines.map(([key, text]) => `${key}=${text}\n`).join('')}${url}`)
      expect(JSON.stringify(proposal)).not.toContain('canary')
      const variables = proposal.secrets.flatMap((secret) => Object.keys(secret.env))
      expect(new Set(variables).size).toBe(variables.length)
      expect(new Set(proposal.secrets.map((secret) => secret.name)).size).toBe(proposal.secrets.length)
    }),
  )
})
