import type { Policy } from './policy.ts'
import type { Json, Millis } from './value.ts'

/** What `secrets.yaml` declares. */

export interface RotatorRef {
  readonly kind: string
  readonly params: { readonly [key: string]: Json | undefined }
  /** Name of the secret that holds the admin credential, if the rotator needs one. */
  readonly admin?: string
}

/** A dated exception to one rule; counted in every report. */
export interface Acceptance {
  readonly rule: string
  readonly until: Millis
  readonly reason: string
  readonly by: string
}

export interface Secret {
  /** Names the stream for ever: the first name it was declared under (`renamed_from` keeps it). */
  readonly id: string
  readonly name: string
  /** Variable to field. Empty for a secret that only Keyturn itself uses, such as an admin key. */
  readonly env: Readonly<Record<string, string>>
  /** The fields of this secret at its path, without those of its neighbours there. */
  readonly fields: readonly string[]
  readonly store: string
  readonly path: string
  readonly rotator: RotatorRef
  /** True where the inventory names the rotator; false where it was found from the variable's name. */
  readonly rotatorDeclared: boolean
  /** Why it is not rotated; required with rotator `none`. */
  readonly reason?: string
  readonly owner?: string
  readonly policy: Policy
  readonly accept: readonly Acceptance[]
}

export interface ConsumerSpec {
  /** Stable within its output: kind and a number or name. */
  readonly key: string
  readonly kind: string
  readonly params: { readonly [key: string]: Json | undefined }
  /** The user's own word for going on without proof once the grace is over. */
  readonly unproven: 'hold' | 'grace'
  readonly timeoutMs: number
  /** After a delivery it is watched for this long, where its health can be asked. Absent: the default. */
  readonly probationMs?: Millis
}

export type DialectName = 'compose' | 'docker' | 'dotenv' | 'node' | 'python' | 'shell' | 'systemd' | 'json' | 'files'

export interface Output {
  /** As written in the inventory: relative to its folder. Names the output in the ledger. */
  readonly file: string
  /** Absolute. With a `/` at its end for a folder with one file a secret. */
  readonly target: string
  readonly dialect: DialectName
  readonly perm: number
  readonly host: string
  /** Names of the secrets whose variables it holds; `null`: all. */
  readonly only: readonly string[] | null
  /** Template variables: `"postgres://{db.username|url}:..."`. */
  readonly vars: Readonly<Record<string, string>>
  readonly consumers: readonly ConsumerSpec[]
  /** What becomes of old values when no consumer can prove anything. */
  readonly unproven: 'hold' | 'grace'
}

export interface StoreRef {
  readonly name: string
  readonly kind: string
  readonly params: { readonly [key: string]: Json | undefined }
}

export interface Window {
  readonly days: readonly string[]
  readonly from: string
  readonly to: string
}

/** What a setting must be for a rule of the inventory's own: `set`, `not-loopback`, a text, or one of a list. */
export type Condition = string | readonly string[]

export interface Inventory {
  readonly id: string
  readonly project: string
  readonly environment: string
  /** Absolute path of the file it was read from. */
  readonly file: string
  /** Absolute path of the folder that relative paths in it start from. */
  readonly dir: string
  /** SHA-256 of the file's bytes (with those it extends), hex. */
  readonly hash: string
  /** The state folder, when the inventory overrides the default. */
  readonly state: string | null
  readonly policy: Policy
  readonly stores: readonly StoreRef[]
  /** age recipients of the local store (`age1...`): every one of them can read it. */
  readonly recipients: readonly string[]
  readonly secrets: readonly Secret[]
  readonly outputs: readonly Output[]
  readonly rules: readonly { readonly when: Readonly<Record<string, Condition>>; readonly require: readonly string[] }[]
  readonly schedule: { readonly zone: string | null; readonly sweep: string; readonly report: string | null; readonly window: Window | null }
  readonly ledger: { readonly kind: 'sqlite' | 'postgres' }
}

/** Variables that hold our own credentials, or unlock stores: no program that we start inherits them unless it is listed. */
export const OWN_CREDENTIALS = /^(?:KEYTURN|VAULT|BAO|AWS)_/
