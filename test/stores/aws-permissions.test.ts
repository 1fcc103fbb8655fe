import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Sensitive } from '../../src/sensitive.ts'
import type { Policy } from '../servers/aws/iam.ts'
import { SIGNER } from '../servers/aws/server.ts'
import { startTokenService } from '../servers/aws/sts.ts'
import { type AwsFixture, awsFixture } from './aws-fixture.ts'

const page = readFileSync(path.join(import.meta.dirname, '../../docs/stores-aws.md'), 'utf8')
const [machine, reader] = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => JSON.parse(text.replaceAll('INVENTORY_ID', 'kt_demo')) as Policy)
if (!machine || !reader) throw new Error('docs/stores-aws.md has no policies')

const PATH = 'demo/production/openai'

/** Everything that a store is asked for in a year. */
async function useAll({ open, fingerprints, clock }: AwsFixture): Promise<void> {
  const store = open()
  const version = (n: number) => ({ token: `kt_demo.openai.${n}`, fields: new Sensitive({ value: `canary-${n}` }), handle: null })
  await store.ready()
  await store.putCurrent([
    { ...version(1), path: PATH, expect: null },
    { ...version(1), path: '.keyturn/fingerprint', expect: null },
  ])
  await clock.advance(3_600_000)
  await store.put(PATH, version(2))
  await store.promote(PATH, version(2).token, fingerprints.of(version(1).fields))
  await store.versions(PATH)
  await store.get(PATH, [version(1).token])
  await store.read([PATH, 'demo/production/other'])
  await store.drop(PATH, version(1).token)
  await store.withdraw(PATH, ['value'])
}

describe('the policy of docs/stores-aws.md', () => {
  it('is enough for everything', async () => {
    await useAll(await awsFixture({ policy: machine }))
  })

  const actions = machine.Statement.flatMap(({ Action }) => Action)
  it.each(actions)('needs %s', async (action) => {
    const Statement = machine.Statement.map((statement) => ({ ...statement, Action: [statement.Action].flat().filter((one) => one !== action) }))
    await expect(useAll(await awsFixture({ policy: { ...machine, Statement } }))).rejects.toMatchObject({
      ...{ code: 'STORE_UNAVAILABLE', message: expect.stringContaining(`${action.replace('secretsmanager:', '')}`) },
      hint: expect.stringContaining('docs/stores-aws.md has the policy'),
    })
  })

  it('lets nobody out of the paths named', async () => {
    const { aws, open } = await awsFixture({ policy: machine })
    for (const name of ['demo/staging/openai', '.keyturn/kt_other/own/fingerprint']) aws.plant(name, '{"value":"canary-there"}')
    await expect(open().read(['demo/staging/openai'])).rejects.toThrow('access was denied')
    await expect(open({}, { inventoryId: 'kt_other' }).ready()).rejects.toThrow('access was denied')
  })

  it('for applications gives the current value, and no version', async () => {
    const { aws, open } = await awsFixture({ policy: reader })
    aws.plant(PATH, '{"value":"canary-there"}')
    aws.plant(`.keyturn/kt_demo/versions/${PATH}`, '{"schema":"keyturn/aws-versions@1"}')
    expect((await open().read([PATH])).size).toBe(1)
    await expect(open().versions(PATH)).rejects.toThrow('access was denied')
    await expect(open().put(PATH, { token: 'kt_demo.openai.1', fields: new Sensitive({ value: 'canary' }), handle: null })).rejects.toThrow('access was denied')
  })
})

describe('a role to assume', () => {
  const role = {
    arn: 'arn:aws:iam::123456789012:role/ops/keyturn',
    externalId: 'deployment-7',
    gives: { accessKeyId: 'ASIAKEYTURNROLE00001', secretAccessKey: 'canary-key-of-the-role-0001', sessionToken: 'canary-token-of-the-role-0001' },
  }

  async function assuming(externalId: string) {
    const { aws, open } = await awsFixture({ signers: [role.gives] })
    const sts = await startTokenService(SIGNER, role, aws.region)
    onTestFinished(() => sts[Symbol.asyncDispose]())
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url)
    return { aws, sts, store: open({ role: role.arn, external_id: externalId }) }
  }

  it('is assumed once, and its credentials sign', async () => {
    const { aws, sts, store } = await assuming('deployment-7')
    await store.ready()
    await store.ready()
    expect(aws.asked).toEqual(['GetSecretValue', 'GetSecretValue'])
    expect(sts.asked).toEqual([expect.objectContaining({ RoleArn: role.arn, RoleSessionName: 'keyturn', ExternalId: 'deployment-7' })])
  })

  it('that may not be assumed is named so', async () => {
    const { aws, store } = await assuming('another')
    await expect(store.ready()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', hint: expect.stringContaining('sts:AssumeRole') })
    expect(aws.asked).toEqual([])
  })
})
