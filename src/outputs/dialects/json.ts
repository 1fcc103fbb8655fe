import { KeyturnError } from '../../errors.ts'
import { Sensitive } from '../../sensitive.ts'
import { checkText, unreadable } from '../text.ts'
import { type Binding, checkRendered, type EnvDialect, lastOfEach, notRepresentable, storable } from './define.ts'
import { type Member, scanObject } from './json-members.ts'

/**
 * A JSON object of strings, such as many programs take for settings. Members that are no strings are kept; read, they are
 * their JSON text. Only the top level holds variables.
 */
export const json: EnvDialect = {
  name: 'json',
  syntax: null,
  bindings: (text) => text.map(read),
  parse: (text) => lastOfEach(read(text.reveal())),
  encode(name, value) {
    if (!storable(value.reveal())) throw notRepresentable('json', name, 'it is not Unicode, or holds a NUL byte')
    return value.map((plain) => JSON.stringify(plain))
  },
  render(entries) {
    const members = entries.map((entry) => `  ${JSON.stringify(entry.name)}: ${json.encode(entry.name, entry.value).reveal()}`)
    const text = members.length === 0 ? '{}\n' : `{\n${members.join(',\n')}\n}\n`
    checkRendered('json', read(text), entries)
    return new Sensitive(text)
  },
  edit(text, entries) {
    const before = text.reveal()
    const { members, close } = scan(before)
    const wanted = new Map(entries.map((entry) => [entry.name, entry]))
    let out = ''
    let from = 0
    for (const member of members) {
      const entry = wanted.get(member.name)
      if (!entry || readMember(before, member) === entry.value.reveal()) continue
      out += before.slice(from, member.start) + json.encode(entry.name, entry.value).reveal()
      from = member.end
    }
    const last = members.at(-1)
    const added = entries.filter((entry) => !members.some((member) => member.name === entry.name))
    if (added.length === 0) return new Sensitive(out + before.slice(from))
    const eol = before.includes('\r\n') ? '\r\n' : '\n'
    // As its neighbour stands: on a line of its own with the same indentation, or on the same line.
    const gap = last ? before.slice(last.gapStart, last.nameStart) : `${eol}  `
    const lines = added.map((entry) => `${gap}${JSON.stringify(entry.name)}: ${json.encode(entry.name, entry.value).reveal()}`).join(',')
    const at = last ? last.end : before.lastIndexOf('{', close) + 1
    return new Sensitive(out + before.slice(from, at) + (last ? ',' : '') + lines + (last ? before.slice(at) : eol + before.slice(close)))
  },
}

function read(text: string): readonly Binding[] {
  return scan(text).members.map((member) => {
    const value = readMember(text, member)
    return { name: member.name, value, source: value }
  })
}

const readMember = (text: string, member: Member): string => {
  const written = text.slice(member.start, member.end)
  return written.startsWith('"') ? (JSON.parse(written) as string) : written
}

function scan(text: string): { readonly members: readonly Member[]; readonly close: number } {
  checkText(text)
  const body = text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text
  try {
    JSON.parse(body)
  } catch (error) {
    // The engine's message quotes the text, which may hold values; only the place is taken from it.
    const at = /position (\d+)/.exec((error as Error).message)?.[1]
    throw unreadable(body, at === undefined ? body.length : Number(at), 'is not JSON')
  }
  const scanned = scanObject(body)
  if (!scanned) throw new KeyturnError('ENV_UNREADABLE', 'line 1 does not start a JSON object with one member a variable')
  return scanned
}
