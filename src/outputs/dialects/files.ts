import { Sensitive } from '../../sensitive.ts'
import { type EnvDialect, notRepresentable, storable } from './define.ts'
import { json } from './json.ts'

/** Names that can be a file of the folder: never a hidden one, nor one of ours. */
export const FILE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * One file a secret, in a folder: what Docker mounts at `/run/secrets`, and what variables such as `POSTGRES_PASSWORD_FILE`
 * name. A file holds the value and nothing else, without a line end that is not its own.
 *
 * For comparing and merging, a folder is one text: a JSON object with a member a file. `folders.ts` makes it and takes it apart.
 */
export const files: EnvDialect = {
  ...json,
  name: 'files',
  encode(name, value) {
    if (!FILE_NAME.test(name)) throw notRepresentable('files', name, 'no file of this name can be told from those of others')
    if (!storable(value.reveal())) throw notRepresentable('files', name, 'it is not Unicode, or holds a NUL byte')
    return json.encode(name, value)
  },
  render(entries) {
    for (const entry of entries) files.encode(entry.name, entry.value)
    return json.render(entries)
  },
  edit(text, entries) {
    for (const entry of entries) files.encode(entry.name, entry.value)
    return json.edit?.(text, entries) ?? text
  },
}

/** The text of a folder with these files. */
export const folderText = (held: ReadonlyMap<string, string>): Sensitive<string> => new Sensitive(JSON.stringify(Object.fromEntries(held)))

/** The files that a text of {@link folderText}, or one that was merged or rendered, stands for. */
export function filesOf(text: Sensitive<string>): ReadonlyMap<string, Sensitive<string>> {
  return new Map(files.parse(text).map(({ name, value }) => [name, value]))
}
