import { spawnSync } from 'node:child_process'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { isKeyturnError, type KeyturnError } from '../../src/errors.ts'
import { Sensitive } from '../../src/sensitive.ts'
import { openAwsStore } from '../../src/stores/aws/store.ts'
import { makeCertificates } from '../servers/certificates.ts'
import { type Fault, first, startFaultProxy } from '../servers/fault-proxy.ts'
import { expectNoCanary } from '../support/canary.ts'
import { isMissing } from '../support/missing.ts'
import { seededRandom } from '../support/random.ts'
import { awsFixture } from './aws-fixture.ts'

const PATH = 'demo/production/openai'

/** What was thrown, searched for values in everything that anybody could print of it. */
async function thrown(work: Promise<unknown>): Promise<KeyturnError> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  )
  if (!isKeyturnError(error)) throw error
  expectNoCanary(`${inspect(error, { depth: null, showHidden: true })}\n${error.stack}\n${JSON.stringify(error)}\n${error.hint}`, 'an error')
  expect(error.cause).toBeUndefined()
  return error
}

const version = (value = 'canary-one') => ({ token: 'kt_demo.openai.1', fields: new Sensitive({ value }), handle: null })

describe('what AWS refuses', () => {
  /** Name, status; retryable for us; what the message says; a word of the hint; how often it was asked with two tries. */
  const reads: readonly (readonly [string, number, boolean, RegExp, RegExp, number])[] = [
    [
      'AccessDeniedException',
      400,
      true,
      /access was denied \(AccessDeniedException, status 400, request [\w-]+\)/,
      /secretsmanager:GetSecretValue on this secret/,
      1,
    ],
    ['DecryptionFailure', 400, true, /the KMS key does not open it/, /kms:Decrypt/, 1],
    ['InvalidParameterException', 400, false, /refused as invalid/, /CloudTrail/, 1],
    ['InvalidRequestException', 400, false, /not in a state for it/, /CloudTrail/, 1],
    ['ValidationException', 400, false, /refused as invalid/, /CloudTrail/, 1],
    ['InvalidNextTokenException', 400, true, /refused as invalid/, /CloudTrail/, 1],
    ['PreconditionNotMetException', 400, true, /not in a state/, /replica/, 1],
    ['MalformedPolicyDocumentException', 400, false, /refused as invalid/, /CloudTrail/, 1],
    ['PublicPolicyException', 400, false, /refused as invalid/, /CloudTrail/, 1],
    ['LimitExceededException', 400, true, /a quota is used up/, /100 versions/, 2],
    ['ThrottlingException', 400, true, /asked too often/, /tried again/, 2],
    ['TooManyRequestsException', 429, true, /asked too often/, /tried again/, 2],
    ['InternalServiceError', 500, true, /a fault of the service \(InternalServiceError, status 500/, /tried again/, 2],
    ['ServiceUnavailable', 503, true, /a fault of the service/, /tried again/, 2],
    ['UnrecognizedClientException', 400, true, /the credentials were refused/, /aws sts get-caller-identity/, 1],
    ['InvalidClientTokenId', 403, true, /the credentials were refused/, /AWS_PROFILE/, 1],
    ['InvalidSignatureException', 400, true, /the credentials were refused/, /AWS_ACCESS_KEY_ID/, 1],
    ['ExpiredTokenException', 400, true, /the credentials have expired/, /aws sso login/, 1],
    ['SomethingNewException', 400, false, /the request was refused \(SomethingNewException/, /CloudTrail/, 1],
  ]
  it.each(reads)('%s (%i) while it reads', async (type, status, retryable, message, hint, times) => {
    const { aws, open } = await awsFixture()
    aws.plant(PATH, '{"value":"canary-there"}')
    aws.next('GetSecretValue', { type, status, message: 'CANARY-in-the-answer of canary-there' }, 2)
    const error = await thrown(open({}, { attempts: 2 }).read([PATH]))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable })
    expect(error.message).toMatch(message)
    expect(error.message).toContain(`GetSecretValue of ${PATH}`)
    expect(error.hint).toMatch(hint)
    expect(aws.asked).toHaveLength(times)
  })

  it('goes by the name and not by the status: an emulator answers 404 for what is not there', async () => {
    const { aws, open } = await awsFixture()
    aws.next('GetSecretValue', { type: 'ResourceNotFoundException', status: 404 })
    aws.next('DescribeSecret', { type: 'com.amazonaws.secretsmanager#ResourceNotFoundException', status: 404 })
    expect((await open().read([PATH])).size).toBe(0)
  })

  it.each([
    ['EncryptionFailure', true, /the KMS key could not be used/, /kms:GenerateDataKey/],
    ['LimitExceededException', true, /a quota is used up/, /wait a day/],
    ['AccessDeniedException', true, /access was denied/, /secretsmanager:CreateSecret/],
  ])('%s while it writes', async (type, retryable, message, hint) => {
    const { aws, open } = await awsFixture()
    aws.next('CreateSecret', { type, message: 'CANARY-in-the-answer' })
    const error = await thrown(open().put(PATH, version()))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable })
    expect([error.message, error.hint]).toEqual([expect.stringMatching(message), expect.stringMatching(hint)])
  })

  it.each(['InvalidRequestException', 'InvalidParameterException'])('names a secret that is scheduled for deletion, under %s', async (type) => {
    const { aws, open } = await awsFixture()
    const gone = { type, message: "You can't perform this operation on the secret because it was marked for deletion." }
    aws.next('GetSecretValue', gone)
    const error = await thrown(open().read([PATH]))
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false, hint: expect.stringContaining(`restore-secret --secret-id ${PATH}`) })
    expect(error.message).toContain('scheduled for deletion')
  })

  it('neither reads nor replaces a secret that is scheduled for deletion', async () => {
    const { aws, open } = await awsFixture()
    const store = open()
    await store.put(PATH, version())
    aws.plant(PATH, '{"value":"canary-there"}').deletedAt = 1
    for (const work of [store.read([PATH]), store.read([PATH, 'demo/other']), store.promote(PATH, version().token, null)]) {
      expect((await thrown(work)).message).toContain('scheduled for deletion')
    }
  })

  it('tells which secret of a batch was refused, and what is missing from what is denied', async () => {
    const { aws, open } = await awsFixture({
      policy: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' },
          { Effect: 'Deny', Action: 'secretsmanager:GetSecretValue', Resource: '*:secret:demo/denied*' },
        ],
      },
    })
    aws.plant('demo/a', '{"value":"canary-a"}')
    aws.plant('demo/denied', '{"value":"canary-d"}')
    expect([...(await open().read(['demo/a', 'demo/missing'])).keys()]).toEqual(['demo/a'])
    const error = await thrown(open().read(['demo/a', 'demo/missing', 'demo/denied']))
    expect(error.message).toContain(': GetSecretValue of demo/denied: access was denied')
    expect(error.hint).toContain('Allow secretsmanager:GetSecretValue on this secret')
  })
})

describe('credentials', () => {
  it('that are missing are named as missing', async () => {
    const { open } = await awsFixture()
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
    const error = await thrown(open().ready())
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', hint: expect.stringContaining('aws sts get-caller-identity') })
    expect(error.message).toContain('no credentials were found')
  })

  it('that are wrong are refused by the signature', async () => {
    const { aws, open } = await awsFixture()
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'canary-another-signing-key-0000000000001')
    expect((await thrown(open().ready())).message).toContain('the credentials were refused (InvalidSignatureException')
    expect(aws.asked).toEqual(['GetSecretValue'])
  })

  it('of a session carry its token, and are named when they have expired', async () => {
    const session = { accessKeyId: 'ASIAKEYTURNTEST00001', secretAccessKey: 'canary-session-key-000001', sessionToken: 'canary-session-token-0001' }
    const { open } = await awsFixture({ signers: [session, { ...session, accessKeyId: 'ASIAKEYTURNTEST00002', expiresAt: 1 }] })
    vi.stubEnv('AWS_ACCESS_KEY_ID', session.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', session.secretAccessKey)
    vi.stubEnv('AWS_SESSION_TOKEN', session.sessionToken)
    await open().ready()
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'ASIAKEYTURNTEST00002')
    expect((await thrown(open().ready())).message).toContain('the credentials have expired')
  })
})

describe('what is no answer of Secrets Manager', () => {
  const html = '<html><body>Please log in, CANARY-page</body></html>'
  it.each([
    ['a page with status 200', { status: 200, body: html, headers: { 'content-type': 'text/html' } }, /none of Secrets Manager/],
    ['a page with status 403', { status: 403, body: html, headers: { 'content-type': 'text/html' } }, /none of Secrets Manager \(status 403/],
    [
      'a redirect to a login page',
      { status: 302, body: html, headers: { location: 'https://login.example/CANARY-place' } },
      /none of Secrets Manager \(status 302/,
    ],
    ['a page with status 502', { status: 502, body: html, headers: { 'content-type': 'text/html' } }, /a fault of the service \(status 502/],
    [
      'half of an answer that ends in peace',
      { status: 200, body: '{"Name":"demo/production/openai","SecretString":"{\\"value\\":\\"CANARY' },
      /none of Secrets Manager/,
    ],
    ['an answer without a value', { status: 200, body: '{}' }, /another secret/],
    ['the answer for another secret', { status: 200, body: '{"Name":"demo/other","SecretString":"CANARY","VersionId":"v","CreatedDate":1}' }, /another secret/],
    ['nothing but null', { status: 200, body: 'null' }, /another secret|none of Secrets Manager/],
  ])('%s is an error and never a value', async (_, canned, message) => {
    const { aws, open } = await awsFixture()
    aws.plant(PATH, '{"value":"canary-there"}')
    aws.next('GetSecretValue', canned)
    const error = await thrown(open().read([PATH]))
    expect(error.code).toBe('STORE_UNAVAILABLE')
    expect(error.message).toMatch(message)
  })

  it('a batch with a secret that nobody asked for is an error', async () => {
    const { aws, open } = await awsFixture()
    aws.next('BatchGetSecretValue', { body: '{"SecretValues":[{"Name":"demo/other","SecretString":"CANARY","VersionId":"v","CreatedDate":1}],"Errors":[]}' })
    expect((await thrown(open().read(['demo/a', 'demo/b']))).message).toContain('not asked for')
  })

  it('a secret that a batch leaves out is asked for by itself', async () => {
    const { aws, open } = await awsFixture()
    aws.plant('demo/a', '{"value":"canary-a"}')
    aws.next('BatchGetSecretValue', { body: '{"SecretValues":[],"Errors":[]}' })
    expect([...(await open().read(['demo/a', 'demo/b'])).keys()]).toEqual(['demo/a'])
  })
})

describe('a network that fails', () => {
  async function behindProxy(attempts: number) {
    const { aws, open } = await awsFixture()
    const proxy = await startFaultProxy(aws.url)
    onTestFinished(() => proxy[Symbol.asyncDispose]())
    return { aws, proxy, store: open({ endpoint: proxy.url, timeout: '500ms' }, { attempts }) }
  }

  it.each<[string, Fault, RegExp]>([
    ['cut', { kind: 'cut', bytes: 20 }, /STORE_UNAVAILABLE AWS Secrets Manager .*: GetSecretValue of/],
    ['reset', { kind: 'reset' }, /cannot be reached \(ECONNRESET\)/],
    ['half-open', { kind: 'half-open' }, /no answer in time \(TimeoutError\)/],
    ['refused', { kind: 'refuse' }, /cannot be reached \(ECONNRESET\)/],
  ])('%s: says so, and works again afterwards', async (_, fault, message) => {
    const { aws, proxy, store } = await behindProxy(1)
    aws.plant(PATH, '{"value":"canary-there"}')
    proxy.spoil(() => fault)
    const error = await thrown(store.read([PATH]))
    expect(error.retryable).toBe(true)
    expect(`${error.code} ${error.message}`).toMatch(message)
    proxy.heal()
    expect((await store.read([PATH])).get(PATH)?.fields.reveal()).toEqual({ value: 'canary-there' })
  })

  it.each<[string, Fault]>([
    ['a lost answer', { kind: 'reset' }],
    ['a cut answer', { kind: 'cut', bytes: 10 }],
    ['a request that arrives twice', { kind: 'twice' }],
    ['a busy server', { kind: 'status', status: 503 }],
  ])('%s to any write is made good by asking again, without a second version', async (_, fault) => {
    const { aws, proxy, store } = await behindProxy(3)
    aws.plant(PATH, '{"value":"canary-there","other":"1"}').versions.forEach((one) => void Object.assign(one, { createdAt: 0 }))
    await store.put(PATH, version('canary-first'))
    for (const target of ['PutSecretValue', 'UpdateSecretVersionStage', 'CreateSecret']) {
      const name = `demo/${target}`
      aws.plant(name, '{"other":"1"}').versions.forEach((one) => void Object.assign(one, { createdAt: 0 }))
      proxy.spoil(first(1, fault, ({ headers }) => headers['x-amz-target'] === `secretsmanager.${target}`))
      await store.put(name, version())
      await store.promote(name, version().token, null)
      proxy.heal()
      expect(aws.textOf(name)).toBe('{"other":"1","value":"canary-one"}')
      expect(aws.state.secrets.get(name)?.puts).toHaveLength(1)
    }
  })

  it('an address where nobody listens is named', async () => {
    const { open } = await awsFixture()
    const error = await thrown(open({ endpoint: 'http://127.0.0.1:1' }).ready())
    expect(error.message).toContain(
      'AWS Secrets Manager (http://127.0.0.1:1): GetSecretValue of .keyturn/kt_demo/own/fingerprint: cannot be reached (ECONNREFUSED)',
    )
    expect(error.hint).toContain('"endpoint"')
  })

  const openssl = spawnSync('openssl', ['version']).error ? 'no openssl program' : null
  it.skipIf(isMissing('the AWS store with a private authority', openssl))('a server whose certificate nobody vouches for is not told anything', async () => {
    let told = 0
    const server = createServer(makeCertificates().server, () => {
      told += 1
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { open } = await awsFixture()
    const error = await thrown(open({ endpoint: `https://localhost:${(server.address() as AddressInfo).port}` }).ready())
    expect(error.message).toContain('the certificate of the server is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE)')
    expect([error.hint, told]).toEqual([expect.stringContaining('NODE_EXTRA_CA_CERTS'), 0])
  })

  it('a missing region is named', async () => {
    const { aws, open, clock } = await awsFixture()
    const error = await thrown(
      openAwsStore({
        ...{ params: { endpoint: aws.url }, inventoryId: 'kt_demo', clock },
        random: seededRandom('region'),
        fingerprints: () => Promise.reject(new Error()),
      }).ready(),
    )
    expect(error).toMatchObject({ retryable: false, hint: 'Set "region" of the store, or AWS_REGION.' })
    vi.stubEnv('AWS_REGION', aws.region)
    await open({ endpoint: aws.url }).ready()
  })

  it('keeps its connections', async () => {
    const { aws, open } = await awsFixture()
    const store = open()
    for (let i = 0; i < 20; i++) await store.ready()
    expect([aws.asked.length, aws.connections()]).toEqual([20, 1])
  })
})
