import { KeyturnError } from '../../errors.ts'
import type { Clock, CurrentVersion, Document, Fingerprinter, NewVersion, Random, SecretStore, Version } from '../../ports.ts'
import type { Sensitive } from '../../sensitive.ts'
import type { Token } from '../../terms.ts'
import { eachOf } from '../local/each.ts'
import { NO_FIELDS, namesOf } from '../local/merge.ts'
import { checkToken } from '../local/names.ts'
import { promoted, refuseOther } from '../local/put-current.ts'
import { fieldsIn, layIn, takeOut } from './document.ts'
import { decodeHistory, encodeHistory } from './history.ts'
import { namesFor } from './names.ts'
import type { AwsParams } from './params.ts'
import { type Replacing, replace } from './replace.ts'
import { type Held, openSecrets } from './secrets.ts'

export interface AwsStoreOptions {
  readonly params: AwsParams
  /** Bound into the names and the content of what is ours: another inventory of the same account has its own. */
  readonly inventoryId: string
  /** Asked for only by a `promote` that expects something. */
  readonly fingerprints: () => Promise<Fingerprinter>
  readonly clock: Clock
  readonly random: Random
  /** Tries of one request, the first among them. */
  readonly attempts?: number
}

/** Paths that are written at a time: writing is allowed 50 times a second for all of an account. */
const AT_ONCE = 4

/**
 * AWS Secrets Manager. Readers read the secret named like the path; the versions of a path stand in one sibling secret
 * (`.keyturn/<inventory>/versions/<path>`), all in its one current value. Nothing is loaded or asked before it is needed.
 *
 * Beyond what SecretStore says: STORE_BUSY with `retryAt` where a path was written less than ten minutes ago; VALUE_REFUSED for binary
 * values and what AWS does not take; UNSUPPORTED for a secret that AWS rotates.
 */
export function openAwsStore({ params, inventoryId, fingerprints, clock, random, attempts }: AwsStoreOptions): SecretStore {
  const secrets = openSecrets({ params, ...(attempts !== undefined && { attempts }) })
  const names = namesFor(inventoryId, params.prefix)
  const inTurn = turns()
  const paced = params.burst !== true

  const replacing = (path: string, signal?: AbortSignal): Replacing => ({
    ...{ secrets, clock, random },
    check: () => {
      if (signal?.aborted) throw new KeyturnError('LEASE_LOST', `${path}: the lease ended before the write`)
    },
  })

  const decoded = (path: string, held: Held | null): readonly Version[] =>
    held === null ? [] : decodeHistory(names.history(path), { inventory: inventoryId, path }, held.text)
  const history = async (path: string) => decoded(path, await secrets.current(names.history(path)))

  /** Changes the versions of a path; `change` gives `null` for none. */
  const rewrite = (path: string, purpose: string, token: Token, change: (all: readonly Version[]) => readonly Version[] | null, signal?: AbortSignal) => {
    const what = { name: names.history(path), purpose, token, paced: false, shared: false }
    return replace(replacing(path, signal), what, async (held) => {
      const versions = change(decoded(path, held))
      return versions && encodeHistory({ inventory: inventoryId, path }, versions)
    })
  }

  const putAll = async (path: string, versions: readonly NewVersion[], signal?: AbortSignal) => {
    const last = versions.at(-1)
    if (!last) return
    const createdAt = clock.now()
    const change = (stored: readonly Version[]): readonly Version[] | null => {
      let all = stored
      for (const { token, fields, handle } of versions) {
        const there = all.find((version) => version.token === token)
        if (there) refuseOther(path, there, { token, fields, handle })
        else all = [{ token, fields, handle, createdAt }, ...all]
      }
      return all === stored ? null : all
    }
    await rewrite(path, 'put', last.token, change, signal)
  }

  const promoteAll = async (path: string, versions: readonly Omit<CurrentVersion, 'handle'>[], signal?: AbortSignal) => {
    const last = versions.at(-1)
    if (!last) return
    const what = { name: names.document(path), purpose: 'promote', token: last.token, paced, shared: true }
    await replace(replacing(path, signal), what, async (held) => {
      let text: Sensitive<string> | null = held?.text ?? null
      let changed = false
      for (const version of versions) {
        const document = await promoted(text === null ? NO_FIELDS : fieldsIn(text), version, fingerprints)
        if (document === null) continue
        text = layIn(path, text, version.fields)
        changed = true
      }
      return changed ? text : null
    })
  }

  return {
    async read(paths) {
      const wanted = new Map([...new Set(paths)].map((path) => [names.document(path), path]))
      const found = await secrets.currents([...wanted.keys()])
      const documents = new Map<string, Document>()
      for (const [name, { text, createdAt }] of found) {
        const path = wanted.get(name) as string
        const fields = fieldsIn(text)
        // An empty object is what is left of a secret whose fields were all taken out.
        if (namesOf(fields).length > 0) documents.set(path, { path, fields, changedAt: createdAt })
      }
      return documents
    },

    async versions(path) {
      return (await history(path)).map(({ token, fields, handle, createdAt }) => ({ token, fields: namesOf(fields), handle, createdAt }))
    },

    async get(path, tokens) {
      for (const token of tokens) checkToken(token)
      return (await history(path)).filter(({ token }) => tokens.includes(token))
    },

    async put(path, version, signal) {
      checkToken(version.token)
      await inTurn(path, () => putAll(path, [version], signal))
    },

    async promote(path, token, expect, signal) {
      checkToken(token)
      await inTurn(path, async () => {
        const version = (await history(path)).find((one) => one.token === token)
        // What was written a moment ago may be seen late: then it is there at the next try.
        if (!version) throw new KeyturnError('STORE_DAMAGED', `${path}: no version ${token} is stored, so it cannot become current`, { retryable: true })
        await promoteAll(path, [{ path, token, fields: version.fields, expect }], signal)
      })
    },

    async putCurrent(versions, signal) {
      for (const { token } of versions) checkToken(token)
      await eachOf([...Map.groupBy(versions, ({ path }) => path)], AT_ONCE, ([path, mine]) =>
        inTurn(path, async () => {
          await putAll(path, mine, signal)
          await promoteAll(path, mine, signal)
        }),
      )
    },

    async drop(path, token) {
      checkToken(token)
      const without = (all: readonly Version[]) => (all.some((version) => version.token === token) ? all.filter((version) => version.token !== token) : null)
      await inTurn(path, () => rewrite(path, 'drop', token, without))
    },

    async withdraw(path, fields) {
      const what = { name: names.document(path), purpose: 'withdraw', token: fields.join(), paced: false, shared: true }
      await inTurn(path, () =>
        replace(replacing(path), what, async (held) =>
          held && namesOf(fieldsIn(held.text)).some((name) => fields.includes(name)) ? takeOut(held.text, fields) : null,
        ),
      )
    },

    async ready() {
      // Whatever is there, or not: address, credentials, the right to read and the key are tried by it.
      await secrets.current(names.document('.keyturn/fingerprint'))
    },
  }
}

/** Work on one path waits for the work before it: two writes of one process need not race each other at AWS. */
function turns(): <T>(path: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (path, work) => {
    const before = last.get(path) ?? Promise.resolve()
    const mine = before.then(work, work)
    last.set(path, mine)
    try {
      return await mine
    } finally {
      if (last.get(path) === mine) last.delete(path)
    }
  }
}
