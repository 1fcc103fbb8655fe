import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../src/ports.ts'
import { invalid, notFound, Refusal } from './refusal.ts'

export interface StoredVersion {
  readonly id: string
  readonly value: { readonly text?: string; readonly binary?: string }
  readonly stages: Set<string>
  readonly createdAt: number
}

export interface StoredSecret {
  readonly name: string
  readonly arn: string
  readonly createdAt: number
  deletedAt: number | null
  rotation: { readonly lambda: string } | null
  kmsKey: string | null
  readonly versions: Map<string, StoredVersion>
  /** When PutSecretValue made a version of it. */
  readonly puts: number[]
}

const DAY_MS = 86_400_000
/** Versions without a label that AWS keeps, and labels on all versions of a secret. */
const UNLABELLED = 100
const LABELS = 20
const LARGEST = 65_536

/** What the service keeps, with its rules for versions and their labels. */
export interface State {
  readonly secrets: Map<string, StoredSecret>
  /** By name or ARN; refuses one that is scheduled for deletion unless told otherwise. */
  find(id: unknown, options?: { readonly deletedToo?: boolean }): StoredSecret
  create(
    name: unknown,
    token: unknown,
    value: StoredVersion['value'] | null,
    kmsKey: string | null,
  ): { readonly secret: StoredSecret; readonly versionId: string | null }
  put(secret: StoredSecret, token: unknown, value: StoredVersion['value'], stages: unknown): StoredVersion
  moveStage(secret: StoredSecret, stage: unknown, from: unknown, to: unknown): void
}

export function makeState(clock: Clock, arnOf: (name: string) => string): State {
  const secrets = new Map<string, StoredSecret>()

  const checkToken = (token: unknown): string => {
    if (typeof token !== 'string' || token.length < 32 || token.length > 64) throw invalid('ClientRequestToken must be between 32 and 64 characters long.')
    return token
  }
  const checkValue = ({ text, binary }: StoredVersion['value']): void => {
    if ((text === undefined) === (binary === undefined)) throw invalid('You must provide either SecretString or SecretBinary.')
    const size = text === undefined ? Buffer.from(binary ?? '', 'base64').length : Buffer.byteLength(text)
    if (size === 0 || size > LARGEST)
      throw new Refusal('ValidationException', `Value at 'secretString' failed to satisfy constraint: length between 1 and ${LARGEST}`)
  }
  const holder = (secret: StoredSecret, stage: string) => [...secret.versions.values()].find(({ stages }) => stages.has(stage))
  const attach = (secret: StoredSecret, version: StoredVersion, stage: string): void => {
    const before = holder(secret, stage)
    before?.stages.delete(stage)
    version.stages.add(stage)
    if (stage === 'AWSCURRENT' && before && before !== version) attach(secret, before, 'AWSPREVIOUS')
  }
  const same = (a: StoredVersion['value'], b: StoredVersion['value']) => a.text === b.text && a.binary === b.binary

  const makeRoom = (secret: StoredSecret): void => {
    const unlabelled = [...secret.versions.values()].filter(({ stages }) => stages.size === 0)
    for (const { id, createdAt } of unlabelled.slice(0, Math.max(0, unlabelled.length - UNLABELLED))) {
      if (clock.now() - createdAt < DAY_MS)
        throw new Refusal('LimitExceededException', 'The request failed because it would exceed one of the Secrets Manager quotas.')
      secret.versions.delete(id)
    }
  }

  return {
    secrets,

    find(id, { deletedToo = false } = {}) {
      if (typeof id !== 'string' || id === '') throw invalid('Invalid name. SecretId is required.')
      const secret = secrets.get(id) ?? [...secrets.values()].find(({ arn }) => arn === id)
      if (!secret) throw notFound()
      if (secret.deletedAt !== null && !deletedToo) {
        throw new Refusal('InvalidRequestException', "You can't perform this operation on the secret because it was marked for deletion.")
      }
      return secret
    },

    create(name, token, value, kmsKey) {
      if (typeof name !== 'string' || !/^[A-Za-z0-9/_+=.@-]{1,512}$/.test(name)) {
        throw new Refusal('ValidationException', 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!')
      }
      const id = checkToken(token)
      if (value) checkValue(value)
      const there = secrets.get(name)
      if (there?.deletedAt != null) {
        throw new Refusal('InvalidRequestException', "You can't create this secret because a secret with this name is already scheduled for deletion.")
      }
      if (there) {
        const version = there.versions.get(id)
        if (version && value && same(version.value, value)) return { secret: there, versionId: id }
        throw new Refusal('ResourceExistsException', 'The operation failed because the secret already exists.')
      }
      const createdAt = clock.now()
      const secret: StoredSecret = {
        name,
        arn: arnOf(`${name}-${suffix()}`),
        createdAt,
        deletedAt: null,
        rotation: null,
        kmsKey,
        versions: new Map(),
        puts: [],
      }
      if (value) secret.versions.set(id, { id, value, stages: new Set(['AWSCURRENT']), createdAt })
      secrets.set(name, secret)
      return { secret, versionId: value ? id : null }
    },

    put(secret, token, value, stages = ['AWSCURRENT']) {
      const id = checkToken(token)
      checkValue(value)
      if (!Array.isArray(stages) || stages.length > LABELS || stages.length === 0) throw invalid('You can attach at most 20 staging labels.')
      const there = secret.versions.get(id)
      if (there && !same(there.value, value)) {
        throw new Refusal(
          'ResourceExistsException',
          'The operation failed because a version with this ClientRequestToken already exists with a different value.',
        )
      }
      const labels = new Set([...secret.versions.values()].flatMap((version) => [...version.stages]).concat(stages as string[]))
      if (labels.size > LABELS) throw new Refusal('LimitExceededException', 'The request failed because it would exceed one of the Secrets Manager quotas.')
      if (there) return there
      const first = secret.versions.size === 0
      const version: StoredVersion = { id, value, stages: new Set(), createdAt: clock.now() }
      makeRoom(secret)
      secret.versions.set(id, version)
      secret.puts.push(clock.now())
      for (const stage of stages as string[]) attach(secret, version, stage)
      if (first) attach(secret, version, 'AWSCURRENT')
      return version
    },

    moveStage(secret, stage, from, to) {
      if (typeof stage !== 'string' || stage === '') throw invalid('VersionStage is required.')
      if (from === undefined && to === undefined) throw invalid('You must provide RemoveFromVersionId or MoveToVersionId.')
      const on = holder(secret, stage)
      if (on && to !== undefined && on.id === to) return
      if (on && from === undefined)
        throw invalid(
          `The staging label ${stage} is currently attached to version ${on.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
        )
      if (from !== undefined && on?.id !== from) throw invalid(`The staging label ${stage} isn't currently attached to version ${String(from)}.`)
      if (to === undefined) {
        if (stage === 'AWSCURRENT') throw invalid('You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.')
        on?.stages.delete(stage)
        return
      }
      const target = secret.versions.get(String(to))
      if (!target) throw notFound('secret version')
      attach(secret, target, stage)
    },
  }
}

const suffix = (): string =>
  randomBytes(8)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, 'x')
    .slice(0, 6)
