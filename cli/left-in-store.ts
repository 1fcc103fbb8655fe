import type { App } from '../src/app.ts'
import { type SecretState, secretStream } from '../src/terms.ts'

/** What an `rm` that was ended in the middle, or a hand that took a secret out of secrets.yaml, left behind. */
export interface Left {
  readonly state: SecretState
  readonly path: string
  /** Fields of the current document that nothing declared reads. */
  readonly fields: readonly string[]
}

/**
 * Looks for a secret that is no longer declared by its name or a variable that a file had of it. The ledger knows that it was there; the
 * versions in the store tell where it lay. `null`: there is none, or nothing is left of it. Changes nothing.
 */
export async function leftInStore(app: App, name: string): Promise<Left | null> {
  const { inventory } = app
  const state = await undeclared(app, name)
  if (state === null || state.rotation !== null) return null
  // A server is not asked for all that it has: who may read their own paths may not list those of others.
  const local = inventory.stores.some(({ kind }) => kind === 'local')
  if (!local) return state.removed ? null : { state, path: '', fields: [] }
  const store = await app.localStore()
  const own = `${inventory.id}.${state.secret}.`
  const paths = new Set((await store.files()).flatMap(({ path }) => path ?? []))
  for (const path of paths) {
    const versions = (await store.versions(path)).filter(({ token }) => token.startsWith(own))
    const document = versions.length === 0 ? undefined : (await store.read([path])).get(path)
    const read = new Set(inventory.secrets.filter((s) => s.path === path).flatMap((s) => s.fields))
    const fields = [...new Set(versions.flatMap((v) => v.fields))].filter((f) => !read.has(f) && document?.fields.tells((held) => Object.hasOwn(held, f)))
    if (fields.length > 0) return { state, path, fields }
  }
  // Taken out already, and not recorded as that.
  return state.removed ? null : { state, path: '', fields: [] }
}

async function undeclared({ inventory, ledger }: App, name: string): Promise<SecretState | null> {
  const open = await ledger()
  const declared = new Set(inventory.secrets.map((s) => s.id))
  const ids = [name]
  for await (const state of open.states()) {
    if (state.kind !== 'host') continue
    for (const { vars } of Object.values(state.outputs)) ids.push(...Object.keys(vars[name]?.from ?? {}))
  }
  for (const id of ids.filter((one) => !declared.has(one))) {
    const state = await open.state(secretStream(inventory.id, id))
    if (state?.kind === 'secret') return state
  }
  return null
}
