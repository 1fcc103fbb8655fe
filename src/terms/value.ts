/** What values are made of and what may be known of them without reading one. */

/** Plain data: what may stand in the ledger, in a handle, in `--json`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** Milliseconds since 1970, by the ledger's clock. */
export type Millis = number

/** `hmac:<key id>:<hex>`. Two with different key ids are incomparable. */
export type Fingerprint = string

/** `<inventory id>.<secret id>.<random>`: names a version, and marks at the provider what a claim made. */
export type Token = string

/** A secret's own fields by name. Values are strings; binary is refused. */
export type Fields = Readonly<Record<string, string>>

/** Non-secret data that lets us revoke later: the provider's id with the rotator kind and params that made it. */
export interface Handle {
  readonly rotator: string
  readonly params: Json
  /** What the provider calls it; the shape is the rotator's own. `null`: nothing is known there. */
  readonly id: Json
}

/** What policy needs to know of one field's value, recorded once so that status never reads a value. */
export interface FieldFacts {
  readonly length: number
  readonly entropyBits: number
  /** Fingerprint of the bare value: equal under two names means that it is reused. */
  readonly value: Fingerprint
  /** Why it is known to be weak (`published default`, `dictionary word`, ...), or absent. */
  readonly weak?: string
  /** What it is mostly made of, where that is not chance (`a keyboard walk`), or absent. */
  readonly pattern?: string
  /** Why it cannot be what its name says, or absent. */
  readonly shape?: string
  /** Where the same bare value stands in other environments of the project (`openai in staging`), or absent. */
  readonly elsewhere?: readonly string[]
  /** What was known when they were taken (`FACTS_VERSION`); absent: before that was counted. */
  readonly by?: number
  /** True for user names and other fields that are no secrets: no strength is asked of them. */
  readonly identifier?: boolean
}

export type Facts = Readonly<Record<string, FieldFacts>>

/**
 * Where an age is from. `rotation`: we made it. `provider`: its own record. `store`: the store's date of the version. `git`: a commit that
 * has this very value; `file`: the time of the file that held it; both say only that it is not younger. `claimed`: a person's word.
 */
export type AgeSource = 'rotation' | 'provider' | 'store' | 'git' | 'file' | 'claimed' | 'first-seen' | 'unknown'

/** A version as the ledger knows it: never a value. */
export interface VersionRef {
  readonly token: Token
  readonly handle: Handle | null
  readonly fingerprint: Fingerprint
  readonly facts: Facts
}

/** A variable of an output: the fingerprint of its value, and which versions it was made from (by secret id). */
export interface HeldVar {
  /** `null`: the file does not have it. */
  readonly value: Fingerprint | null
  readonly from: Readonly<Record<string, Token>>
  /** Versions that stand in it beside those, by secret id: a list of both. */
  readonly former?: Readonly<Record<string, Token>>
  /** Written by hand: left as it is until `sync --import` or `--discard`. Its secrets stand in `from` with an empty token. */
  readonly edited?: true
}
