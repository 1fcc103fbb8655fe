import { existsSync, readFileSync } from 'node:fs'
import { type App, environment, loadAdmission, loadKeyTools } from '../src/app.ts'
import { isKeyturnError, KeyturnError } from '../src/errors.ts'
import type { Sensitive } from '../src/sensitive.ts'
import type { StatePaths } from '../src/state/paths.ts'

/**
 * The key of this machine. The recovery key never becomes it: it opens the store once, to let a new key in, and is not written
 * anywhere. In this order a kill leaves nothing that needs a hand: the key, the files, `secrets.yaml`.
 */

/** The recipients of this machine's keys; none where it has no key. */
export async function ownRecipients({ identityFile, owner }: StatePaths): Promise<readonly string[]> {
  const { readIdentities, recipientOf } = await loadKeyTools()
  if (!existsSync(identityFile)) return []
  return Promise.all((await readIdentities({ file: identityFile, owner })).map(recipientOf))
}

/** The same, after one was made where there was none. */
export async function ownOrNew(paths: StatePaths): Promise<{ readonly recipient: string; readonly made: boolean }> {
  const [there] = await ownRecipients(paths)
  if (there !== undefined) return { recipient: there, made: false }
  const { newIdentity, writeIdentity } = await loadKeyTools()
  const { clock, random } = environment()
  const identity = await newIdentity()
  await writeIdentity(identity, { file: paths.identityFile, clock, random, owner: paths.owner })
  return { recipient: identity.recipient, made: true }
}

export interface Opening {
  readonly paths: StatePaths
  /** The store's folder. */
  readonly store: string
  readonly inventoryId: string
  /** The recovery key, or any other that opens the store. */
  readonly key: Sensitive<string>
  readonly trusted: readonly string[]
  readonly recipients: readonly string[]
}

/**
 * Encrypts the files of a store to further recipients with that key.
 *
 * @returns how many files were changed, and the error of the first one that cannot be opened with it.
 * @throws KeyturnError as `admit`, but for files that cannot be opened.
 */
export async function letIn({
  paths,
  store,
  key,
  inventoryId,
  trusted,
  recipients,
}: Opening): Promise<{ readonly changed: number; readonly shut: KeyturnError | null }> {
  const [{ admit }, { recipientOf }] = await Promise.all([loadAdmission(), loadKeyTools()])
  const { clock, random } = environment()
  const recipient = await recipientOf(key)
  if (!recipients.includes(recipient)) {
    throw new KeyturnError('IDENTITY_WRONG', `this key (${recipient}) is no recipient of the store, so nobody would trust what it writes`, {
      hint: 'use the recovery key, or the key of another machine that opens the store',
    })
  }
  try {
    const changed = await admit({ dir: store, inventoryId, identity: key, trusted, recipients, clock, random, owner: paths.owner })
    return { changed, shut: null }
  } catch (error) {
    // Whatever is wrong with one file was wrong with it before.
    if (isKeyturnError(error, 'STORE_DAMAGED', 'IDENTITY_WRONG', 'STORE_NEWER')) return { changed: 0, shut: error }
    throw error
  }
}

/**
 * Lists this machine's key in `secrets.yaml`, if the store is encrypted to it already: the end of what `restore` or `identity
 * add` began, also after a kill. `sure`: it was done just now.
 *
 * @returns whether the inventory was changed.
 */
export async function listOwn(app: App, sure: boolean): Promise<boolean> {
  const own = await ownRecipients(app.paths)
  const [recipient] = own
  if (recipient === undefined || own.some((one) => app.inventory.recipients.includes(one))) return false
  if (!sure) {
    const files = await (await app.localStore()).files()
    const isOpen = files.some(({ readers }) => readers.includes(recipient))
    if (!isOpen || files.some(({ problem }) => isKeyturnError(problem, 'IDENTITY_WRONG'))) return false
  }
  await listRecipients(app, [{ recipient, comment: 'this machine' }])
  return true
}

/** Adds recipients to `secrets.yaml`, with those that a base file lists: a list there replaces that of the base. */
export async function listRecipients(app: App, added: readonly { readonly recipient: string; readonly comment: string }[]): Promise<void> {
  const { addRecipient } = await import('../src/inventory/edit.ts')
  const { recipients } = app.inventory
  await editInventory(app, (text) =>
    added.reduce(
      (all, { recipient, comment }) => addRecipient(all, recipient, comment),
      recipients.reduce((all, one) => addRecipient(all, one), text),
    ),
  )
}

/** Changes the text of the project's own inventory file; nothing is written where nothing changes. */
export async function editInventory(app: App, change: (text: string) => string): Promise<void> {
  const { saveInventory } = await import('../src/inventory/save.ts')
  const { file } = app.inventory
  const before = readFileSync(file, 'utf8')
  const after = change(before)
  if (after !== before) await saveInventory(file, before, after, app.random)
}
