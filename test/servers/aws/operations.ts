import { invalid, notFound } from './refusal.ts'
import type { State, StoredSecret, StoredVersion } from './state.ts'

export type Input = Readonly<Record<string, unknown>>
type Output = Readonly<Record<string, unknown>>
/** Checks that the caller may do this with a secret. */
type Allow = (action: string, secret: StoredSecret | string) => void

/** The operations by name. Each refuses as the service does. */
export const OPERATIONS: Readonly<Record<string, (state: State, input: Input, allow: Allow) => Output>> = {
  CreateSecret(state, { Name, ClientRequestToken, SecretString, SecretBinary, KmsKeyId }, allow) {
    allow('CreateSecret', String(Name))
    const value = SecretString === undefined && SecretBinary === undefined ? null : givenValue({ SecretString, SecretBinary })
    const { secret, versionId } = state.create(Name, ClientRequestToken, value, typeof KmsKeyId === 'string' ? KmsKeyId : null)
    return { ARN: secret.arn, Name: secret.name, ...(versionId !== null && { VersionId: versionId }) }
  },

  GetSecretValue(state, { SecretId, VersionId, VersionStage }, allow) {
    allow('GetSecretValue', locate(state, SecretId))
    return valueAnswer(state.find(SecretId), VersionId, VersionStage)
  },

  BatchGetSecretValue(state, { SecretIdList, Filters, MaxResults }, allow) {
    allow('BatchGetSecretValue', '*')
    if (Filters !== undefined || MaxResults !== undefined) throw invalid('Give a SecretIdList without Filters and MaxResults here.')
    if (!Array.isArray(SecretIdList) || SecretIdList.length < 1 || SecretIdList.length > 20) throw invalid('SecretIdList must hold 1 to 20 secrets.')
    const SecretValues: Output[] = []
    const Errors: Output[] = []
    for (const id of SecretIdList as unknown[]) {
      try {
        allow('GetSecretValue', locate(state, id))
        SecretValues.push(valueAnswer(state.find(id), undefined, undefined))
      } catch (error) {
        const { type, message } = error as { type: string; message: string }
        Errors.push({ SecretId: id, ErrorCode: type, Message: message })
      }
    }
    return { SecretValues, Errors }
  },

  DescribeSecret(state, { SecretId }, allow) {
    allow('DescribeSecret', locate(state, SecretId))
    const secret = state.find(SecretId, { deletedToo: true })
    const labelled = [...secret.versions.values()].filter(({ stages }) => stages.size > 0)
    return {
      ...{ ARN: secret.arn, Name: secret.name, CreatedDate: seconds(secret.createdAt) },
      VersionIdsToStages: Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages]])),
      ...(secret.deletedAt !== null && { DeletedDate: seconds(secret.deletedAt) }),
      ...(secret.kmsKey !== null && { KmsKeyId: secret.kmsKey }),
      ...(secret.rotation && { RotationEnabled: true, RotationLambdaARN: secret.rotation.lambda }),
    }
  },

  PutSecretValue(state, { SecretId, ClientRequestToken, SecretString, SecretBinary, VersionStages }, allow) {
    allow('PutSecretValue', locate(state, SecretId))
    const secret = state.find(SecretId)
    const version = state.put(secret, ClientRequestToken, givenValue({ SecretString, SecretBinary }), VersionStages)
    return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: [...version.stages] }
  },

  UpdateSecretVersionStage(state, { SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId }, allow) {
    allow('UpdateSecretVersionStage', locate(state, SecretId))
    const secret = state.find(SecretId)
    state.moveStage(secret, VersionStage, RemoveFromVersionId, MoveToVersionId)
    return { ARN: secret.arn, Name: secret.name }
  },

  /** An empty page first: real ones may be empty and yet have a next one. */
  ListSecrets(state, { NextToken, MaxResults = 100, Filters = [] }, allow) {
    allow('ListSecrets', '*')
    const size = Math.min(Number(MaxResults), 100)
    const prefixes = (Filters as { Key: string; Values: string[] }[]).filter(({ Key }) => Key === 'name').flatMap(({ Values }) => Values)
    const all = [...state.secrets.values()].filter(({ name, deletedAt }) => deletedAt === null && prefixes.every((prefix) => name.startsWith(prefix)))
    if (NextToken === undefined) return { SecretList: [], ...(all.length > 0 && { NextToken: 'page-0' }) }
    const start = Number(/^page-(\d+)$/.exec(String(NextToken))?.[1] ?? Number.NaN)
    if (Number.isNaN(start)) throw invalid('Invalid NextToken.')
    const page = all.slice(start, start + size).map(({ arn, name, createdAt }) => ({ ARN: arn, Name: name, CreatedDate: seconds(createdAt) }))
    return { SecretList: page, ...(start + size < all.length && { NextToken: `page-${start + size}` }) }
  },

  DeleteSecret(state, { SecretId, RecoveryWindowInDays = 30, ForceDeleteWithoutRecovery }, allow) {
    allow('DeleteSecret', locate(state, SecretId))
    const secret = state.find(SecretId)
    const days = Number(RecoveryWindowInDays)
    if (!(days >= 7 && days <= 30)) throw invalid('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).')
    if (ForceDeleteWithoutRecovery === true) state.secrets.delete(secret.name)
    else secret.deletedAt = secret.createdAt
    return { ARN: secret.arn, Name: secret.name, DeletionDate: seconds(secret.createdAt) }
  },
}

/** The secret, or its name where there is none: permission is asked first. */
function locate(state: State, id: unknown): StoredSecret | string {
  try {
    return state.find(id, { deletedToo: true })
  } catch {
    return String(id)
  }
}

function valueAnswer(secret: StoredSecret, versionId: unknown, stage: unknown): Output {
  const wanted = stage ?? (versionId === undefined ? 'AWSCURRENT' : undefined)
  const all = [...secret.versions.values()]
  const version = versionId === undefined ? all.find(({ stages }) => stages.has(String(wanted))) : secret.versions.get(String(versionId))
  if (!version || (wanted !== undefined && !version.stages.has(String(wanted)))) {
    throw notFound(versionId === undefined ? `secret value for staging label: ${String(wanted)}` : `secret value for VersionId: ${String(versionId)}`)
  }
  const { text, binary } = version.value
  return {
    ...{ ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: [...version.stages], CreatedDate: seconds(version.createdAt) },
    ...(text === undefined ? { SecretBinary: binary } : { SecretString: text }),
  }
}

const givenValue = ({ SecretString, SecretBinary }: Input): StoredVersion['value'] => ({
  ...(typeof SecretString === 'string' && { text: SecretString }),
  ...(typeof SecretBinary === 'string' && { binary: SecretBinary }),
})

const seconds = (ms: number): number => ms / 1_000
