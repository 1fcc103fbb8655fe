import { isKeyturnError, KeyturnError } from '../../errors.ts'
import { Sensitive } from '../../sensitive.ts'
import type { Millis } from '../../terms.ts'
import { eachOf } from '../local/each.ts'
import { type Connection, openClient } from './client.ts'
import { type Asked, failureOf, seenIn } from './failure.ts'

/** The current version of a secret. */
export interface Held {
  readonly versionId: string
  readonly text: Sensitive<string>
  readonly createdAt: Millis
}

/** What AWS says of a secret, without its value. */
export interface Description {
  readonly createdAt: Millis | null
  /** AWS itself rotates it, by a function of yours or a service of its own. */
  readonly rotated: boolean
  /** The version with each label. */
  readonly labels: ReadonlyMap<string, string>
  readonly versionIds: readonly string[]
}

export interface Write {
  readonly name: string
  readonly requestToken: string
  readonly text: Sensitive<string>
}

/** The operations of Secrets Manager that a store needs. All throw as a SecretStore does; nothing of a request or answer is in an error. */
export interface Secrets {
  /** `null`: no such secret, or no current version. */
  current(name: string): Promise<Held | null>
  /** The one before it, if it is a text. */
  previous(name: string): Promise<Held | null>
  /** The current versions of those that have one. */
  currents(names: readonly string[]): Promise<ReadonlyMap<string, Held>>
  /** `null`: no such secret. One that is scheduled for deletion throws. */
  describe(name: string): Promise<Description | null>
  /** `false`: there is one of this name, or this token made another one. */
  create(write: Write): Promise<boolean>
  /** A version with the label AWSPENDING. `taken`: this token has made a version with another value. */
  putPending(write: Write): Promise<'put' | 'current' | 'taken'>
  /** Moves a label, if it is where it is thought to be (`null`: nowhere). `false`: it is not, or the request was refused otherwise. */
  move(name: string, label: string, from: string | null, to: string | null): Promise<boolean>
}

/** AWS takes this many names in one call. */
const BATCH = 20
/** Calls at a time. BatchGetSecretValue is allowed 100 times a second, and one takes tens of milliseconds. */
const AT_ONCE = 5

const PENDING = 'AWSPENDING'
export const CURRENT = 'AWSCURRENT'

export function openSecrets(connection: Connection): Secrets {
  const { params } = connection
  let opening: ReturnType<typeof openClient> | null = null
  const open = () => {
    opening ??= openClient(connection)
    return opening
  }
  const where = params.endpoint ?? params.region ?? 'default region'

  /** `tolerated`: errors that are an answer; then `null`. */
  async function ask<T>(asked: Omit<Asked, 'where'>, work: (opened: Awaited<ReturnType<typeof openClient>>) => Promise<T>, ...tolerated: string[]) {
    try {
      return await work(await open())
    } catch (error) {
      const { name, deleted } = seenIn(error)
      if (tolerated.includes(name) && !deleted) return null
      // No cause: what the SDK throws holds the answer.
      throw failureOf(error, { ...asked, where })
    }
  }

  const held = (operation: string, name: string, answer: Answer): Held => {
    const { Name, VersionId, SecretString, SecretBinary, CreatedDate } = answer
    const refuse = (why: string) =>
      new KeyturnError('STORE_UNAVAILABLE', `AWS Secrets Manager (${where}): ${operation} of ${name}: ${why}`, {
        hint: 'Check "endpoint" and what lies before it.',
      })
    if (Name !== name) throw refuse('the answer is for another secret')
    if (SecretBinary !== undefined) {
      throw new KeyturnError('VALUE_REFUSED', `${name}: holds a binary value, and Keyturn keeps texts only`, {
        hint: 'Store it as a text (such as base64), or use another path.',
      })
    }
    if (typeof SecretString !== 'string' || !VersionId || !CreatedDate) throw refuse('the answer has no value')
    return { versionId: VersionId, text: new Sensitive(SecretString), createdAt: CreatedDate.getTime() }
  }

  const labelled = async (name: string, label: string): Promise<Held | null> => {
    const operation = 'GetSecretValue'
    const answer = await ask(
      { operation, on: name },
      ({ client, sdk }) => client.send(new sdk.GetSecretValueCommand({ SecretId: name, VersionStage: label })),
      'ResourceNotFoundException',
    )
    return answer && held(operation, name, answer)
  }

  const current = (name: string) => labelled(name, CURRENT)

  const batch = async (names: readonly string[]): Promise<readonly (readonly [string, Held])[]> => {
    const operation = 'BatchGetSecretValue'
    const answer = await ask({ operation }, ({ client, sdk }) => client.send(new sdk.BatchGetSecretValueCommand({ SecretIdList: [...names] })))
    const missing = new Set<string>()
    // It fails in part with status 200.
    for (const { SecretId = '', ErrorCode, Message } of answer?.Errors ?? []) {
      if (ErrorCode !== 'ResourceNotFoundException')
        throw failureOf({ name: ErrorCode, message: Message }, { operation: 'GetSecretValue', on: named(SecretId, names), where })
      missing.add(SecretId)
    }
    const found = new Map((answer?.SecretValues ?? []).map((value) => [value.Name ?? '', value]))
    for (const name of found.keys()) {
      if (!names.includes(name)) {
        throw new KeyturnError('STORE_UNAVAILABLE', `AWS Secrets Manager (${where}): ${operation}: the answer holds a secret that was not asked for`, {
          hint: 'Check "endpoint" and what lies before it.',
        })
      }
    }
    const all = await eachOf(names, AT_ONCE, async (name) => {
      const value = found.get(name)
      // An answer may leave some out where they are large.
      const one = value ? held(operation, name, value) : missing.has(name) ? null : await current(name)
      return one && ([name, one] as const)
    })
    return all.filter((one) => one !== null)
  }

  return {
    current,

    async previous(name) {
      try {
        return await labelled(name, 'AWSPREVIOUS')
      } catch (error) {
        // A binary one of others: there is nothing in it for us.
        if (isKeyturnError(error, 'VALUE_REFUSED')) return null
        throw error
      }
    },

    async currents(names) {
      const [only, ...more] = names
      if (only === undefined) return new Map()
      if (more.length === 0) {
        const one = await current(only)
        return new Map(one ? [[only, one]] : [])
      }
      const chunks = Array.from({ length: Math.ceil(names.length / BATCH) }, (_, n) => names.slice(n * BATCH, (n + 1) * BATCH))
      return new Map((await eachOf(chunks, AT_ONCE, batch)).flat())
    },

    async describe(name) {
      const asked = { operation: 'DescribeSecret', on: name }
      const answer = await ask(asked, ({ client, sdk }) => client.send(new sdk.DescribeSecretCommand({ SecretId: name })), 'ResourceNotFoundException')
      if (!answer) return null
      if (answer.DeletedDate) throw failureOf({ name: 'InvalidRequestException', message: 'marked for deletion' }, { ...asked, where })
      const versions = Object.entries(answer.VersionIdsToStages ?? {})
      return {
        createdAt: answer.CreatedDate?.getTime() ?? null,
        rotated: answer.RotationEnabled === true || (answer.OwningService ?? '') !== '',
        labels: new Map(versions.flatMap(([id, stages]) => (stages ?? []).map((stage) => [stage, id] as const))),
        versionIds: versions.map(([id]) => id),
      }
    },

    async create({ name, requestToken, text }) {
      const { kms_key } = params
      const answer = await ask(
        { operation: 'CreateSecret', on: name },
        ({ client, sdk }) =>
          client.send(
            new sdk.CreateSecretCommand({
              ...{ Name: name, ClientRequestToken: requestToken, SecretString: text.reveal() },
              ...(kms_key !== undefined && { KmsKeyId: kms_key }),
            }),
          ),
        'ResourceExistsException',
      )
      return answer !== null
    },

    async putPending({ name, requestToken, text }) {
      const answer = await ask(
        { operation: 'PutSecretValue', on: name },
        ({ client, sdk }) =>
          client.send(
            new sdk.PutSecretValueCommand({ SecretId: name, ClientRequestToken: requestToken, SecretString: text.reveal(), VersionStages: [PENDING] }),
          ),
        'ResourceExistsException',
      )
      if (!answer) return 'taken'
      return answer.VersionStages?.includes(CURRENT) ? 'current' : 'put'
    },

    async move(name, label, from, to) {
      const answer = await ask(
        { operation: 'UpdateSecretVersionStage', on: name },
        ({ client, sdk }) =>
          client.send(
            new sdk.UpdateSecretVersionStageCommand({
              ...{ SecretId: name, VersionStage: label },
              ...(from !== null && { RemoveFromVersionId: from }),
              ...(to !== null && { MoveToVersionId: to }),
            }),
          ),
        'InvalidParameterException',
        'InvalidRequestException',
        'ResourceNotFoundException',
      )
      return answer !== null
    },
  }
}

interface Answer {
  readonly Name?: string | undefined
  readonly VersionId?: string | undefined
  readonly SecretString?: string | undefined
  readonly SecretBinary?: Uint8Array | undefined
  readonly CreatedDate?: Date | undefined
}

/** The name in an answer, if it is one that was asked for. */
const named = (name: string, names: readonly string[]): string => (names.includes(name) ? name : 'a secret')
