import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { describe, expect, onTestFinished, test } from 'vitest'
import { manualClock } from '../../support/clock.ts'
import { SIGNER, startSecretsManager } from './server.ts'

/** The rules of the service, asked with its own SDK: an adapter that breaks one must not get through. */

const TOKEN = (n: number) => `${n}`.padStart(32, '0')

async function started() {
  const clock = manualClock()
  const aws = await startSecretsManager({ clock })
  const client = new SecretsManagerClient({ region: aws.region, endpoint: aws.url, credentials: SIGNER, maxAttempts: 1 })
  onTestFinished(async () => {
    client.destroy()
    await aws[Symbol.asyncDispose]()
  })
  const create = () => client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'canary-0', ClientRequestToken: TOKEN(0) }))
  const put = (n: number, stages?: string[], text = `canary-${n}`, token = TOKEN(n)) =>
    client.send(new PutSecretValueCommand({ SecretId: 'a', SecretString: text, ClientRequestToken: token, ...(stages && { VersionStages: stages }) }))
  const move = (stage: string, from?: string, to?: string) =>
    client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: 'a',
        VersionStage: stage,
        ...(from && { RemoveFromVersionId: from }),
        ...(to && { MoveToVersionId: to }),
      }),
    )
  const stages = async () => (await client.send(new DescribeSecretCommand({ SecretId: 'a' }))).VersionIdsToStages
  return { aws, clock, client, create, put, move, stages }
}

describe('the stand-in for AWS Secrets Manager', () => {
  test('refuses a body that was changed after it was signed, a wrong key and a foreign region', async () => {
    const { aws, client } = await started()
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: Uint8Array }
        request.body = new TextEncoder().encode(new TextDecoder().decode(request.body).replace('"a"', '"b"'))
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    const refused = { name: 'InvalidSignatureException' }
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'a' }))).rejects.toMatchObject(refused)
    const others = [
      { region: aws.region, credentials: { ...SIGNER, secretAccessKey: 'canary-of-somebody-else' } },
      { region: 'us-east-1', credentials: SIGNER },
    ]
    for (const other of others) {
      const wrong = new SecretsManagerClient({ endpoint: aws.url, maxAttempts: 1, ...other })
      await expect(wrong.send(new GetSecretValueCommand({ SecretId: 'a' }))).rejects.toMatchObject(refused)
      wrong.destroy()
    }
  })

  test('takes the same token with the same value again, and refuses another value and a short token', async () => {
    const { create, put, aws } = await started()
    await create()
    await create()
    await put(1)
    await put(1)
    expect(aws.state.secrets.get('a')?.puts).toHaveLength(1)
    await expect(put(1, undefined, 'canary-x')).rejects.toMatchObject({ name: 'ResourceExistsException' })
    await expect(put(1, undefined, 'canary-x', 'short')).rejects.toMatchObject({ name: 'InvalidParameterException' })
  })

  test('moves AWSCURRENT only from where it is, and AWSPREVIOUS follows', async () => {
    const { create, put, move, stages } = await started()
    await create()
    await put(1, ['AWSPENDING'])
    await expect(move('AWSCURRENT', undefined, TOKEN(1))).rejects.toMatchObject({ name: 'InvalidParameterException' })
    await expect(move('AWSCURRENT', TOKEN(1), TOKEN(1))).rejects.toMatchObject({ name: 'InvalidParameterException' })
    await move('AWSCURRENT', TOKEN(0), TOKEN(1))
    expect(await stages()).toEqual({ [TOKEN(0)]: ['AWSPREVIOUS'], [TOKEN(1)]: ['AWSPENDING', 'AWSCURRENT'] })
    await put(2, ['AWSPENDING'])
    await expect(move('AWSCURRENT', TOKEN(0), TOKEN(2))).rejects.toMatchObject({ name: 'InvalidParameterException' })
    await expect(move('AWSCURRENT', TOKEN(1))).rejects.toMatchObject({ name: 'InvalidParameterException' })
    await move('AWSPENDING', TOKEN(2))
    expect(await stages()).toEqual({ [TOKEN(0)]: ['AWSPREVIOUS'], [TOKEN(1)]: ['AWSCURRENT'] })
  })

  test('keeps versions of a day, and refuses more than a hundred without a label until then', async () => {
    const { create, put, clock } = await started()
    await create()
    let n = 1
    for (; n <= 102; n++) await put(n)
    await expect(put(n)).rejects.toMatchObject({ name: 'LimitExceededException' })
    await clock.advance(86_400_000)
    await put(n)
  })

  test('answers a batch in part with status 200, and takes at most 20', async () => {
    const { create, client } = await started()
    await create()
    const answer = await client.send(new BatchGetSecretValueCommand({ SecretIdList: ['a', 'b'] }))
    expect(answer.SecretValues?.map(({ Name }) => Name)).toEqual(['a'])
    expect(answer.Errors).toEqual([expect.objectContaining({ SecretId: 'b', ErrorCode: 'ResourceNotFoundException' })])
    const many = Array.from({ length: 21 }, (_, index) => `s${index}`)
    await expect(client.send(new BatchGetSecretValueCommand({ SecretIdList: many }))).rejects.toMatchObject({ name: 'InvalidParameterException' })
  })

  test('lists in pages, of which some are empty', async () => {
    const { aws, client } = await started()
    for (const name of ['x/1', 'x/2', 'x/3', 'y']) aws.plant(name, 'canary')
    const names: (string | undefined)[] = []
    const sizes: number[] = []
    let next: string | undefined
    do {
      const page = await client.send(new ListSecretsCommand({ MaxResults: 2, Filters: [{ Key: 'name', Values: ['x/'] }], ...(next && { NextToken: next }) }))
      names.push(...(page.SecretList ?? []).map(({ Name }) => Name))
      sizes.push(page.SecretList?.length ?? 0)
      next = page.NextToken
    } while (next !== undefined)
    expect([names, sizes]).toEqual([
      ['x/1', 'x/2', 'x/3'],
      [0, 2, 1],
    ])
  })

  test('describes a secret that is scheduled for deletion, and gives and takes nothing of it', async () => {
    const { create, put, client } = await started()
    await create()
    await expect(client.send(new DeleteSecretCommand({ SecretId: 'a', RecoveryWindowInDays: 3 }))).rejects.toMatchObject({ name: 'InvalidParameterException' })
    await client.send(new DeleteSecretCommand({ SecretId: 'a' }))
    expect((await client.send(new DescribeSecretCommand({ SecretId: 'a' }))).DeletedDate).toBeInstanceOf(Date)
    for (const work of [client.send(new GetSecretValueCommand({ SecretId: 'a' })), put(1), create()]) {
      await expect(work).rejects.toMatchObject({ name: 'InvalidRequestException', $metadata: { httpStatusCode: 400 } })
    }
  })
})
