import { isCollection, isScalar, isSeq, stringify, type YAMLSeq, type Node as YamlNode } from 'yaml'
import type { Json } from '../terms.ts'
import { behindColon, columnOf, endOf, eolOf, lineEnd, lineStart, type MapNode, mapAt, nodeAt, type PairNode, pairOf, type Steps, startOf } from './spots.ts'

/**
 * Changes to one place of a YAML text that leave every other byte as it was: comments, blank lines, alignment, line ends. They do
 * not look whether the result says what was meant: `edit.ts` does.
 */

/** A value in one line, quoted where it must be. */
export const inline = (value: Json): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).replace(/\n$/, '')

/** `key: value` below a map, replaced where it is there; a missing map on the way is made. */
export function putEntry(text: string, steps: Steps, key: string, value: Json): string {
  const map = mapAt(text, steps)
  const entry = `${inline(key)}: ${inline(value)}`
  if (!map) return steps.length > 1 ? putEntry(text, steps.slice(0, -1), String(steps.at(-1)), { [key]: value }) : putTop(text, String(steps[0]), `  ${entry}`)
  const pair = pairOf(map, key)
  if (pair) return replaceValue(text, pair, value)
  const first = map.items[0]
  if (first && !map.flow) return insertLine(text, lineEnd(text, endOf(map as YamlNode)), ' '.repeat(columnOf(text, startOf(first))) + entry)
  // An empty map gets its first entry on a line of its own, as the next ones will be.
  if (!first && steps.length === 1) return putTop(text, String(steps[0]), `  ${entry}`)
  return insertFlow(text, map, entry)
}

/** A map without `key`. One that is empty then becomes `{}`. */
export function takeEntry(text: string, steps: Steps, key: string): string {
  const map = mapAt(text, steps)
  const pair = map && pairOf(map, key)
  if (!map || !pair) return text
  return map.flow ? takeFlow(text, map, map.items.indexOf(pair)) : takeLines(text, steps, pair, map.items.length === 1 ? '{}' : null)
}

/** One more item at the end of a list, which is made where it is missing. */
export function putItem(text: string, steps: Steps, value: Json, comment?: string): string {
  const list = nodeAt(text, steps)
  const line = `- ${inline(value)}${comment ? `  # ${comment.replace(/\s+/g, ' ')}` : ''}`
  const first = isSeq(list) ? (list.items[0] as YamlNode | undefined) : undefined
  if (!isSeq(list) || !first)
    return steps.length === 1 ? putTop(text, String(steps[0]), `  ${line}`) : putEntry(text, steps.slice(0, -1), String(steps.at(-1)), [value])
  if (list.flow) return insertFlow(text, list, inline(value))
  const dash = text.lastIndexOf('-', startOf(first) - 1)
  return insertLine(text, lineEnd(text, endOf(list)), ' '.repeat(columnOf(text, dash)) + line)
}

/** A list without one item. One that is empty then becomes `[]`. */
export function takeItem(text: string, steps: Steps, value: string): string {
  const list = nodeAt(text, steps)
  if (!isSeq(list)) return text
  const items = list.items as YamlNode[]
  const index = items.findIndex((item) => isScalar(item) && item.value === value)
  const item = items[index]
  if (!item) return text
  return list.flow ? takeFlow(text, list, index) : takeLines(text, steps, item, items.length === 1 ? '[]' : null)
}

const withFinalNewline = (text: string): string => (text === '' || text.endsWith('\n') ? text : text + eolOf(text))

function insertLine(text: string, offset: number, line: string): string {
  return `${withFinalNewline(text.slice(0, offset))}${line}${eolOf(text)}${text.slice(offset)}`
}

/** Below a key of the file itself that has nothing, or an empty collection, behind it; the key is made at the end where it is missing. */
function putTop(text: string, key: string, line: string): string {
  const root = mapAt(text, [])
  const pair = root && pairOf(root, key)
  if (!pair) return `${withFinalNewline(text)}${key}:${eolOf(text)}${line}${eolOf(text)}`
  const colon = behindColon(text, pair)
  const emptied = text.slice(0, colon) + text.slice(pair.value ? endOf(pair.value) : colon)
  return insertLine(emptied, lineEnd(emptied, colon), line)
}

function takeLines(text: string, steps: Steps, node: YamlNode | PairNode, left: string | null): string {
  const start = lineStart(text, startOf(node))
  const rest = text.slice(lineEnd(text, endOf(node)))
  const above = mapAt(text, steps.slice(0, -1))
  const pair = above && steps.length > 0 ? pairOf(above, String(steps.at(-1))) : null
  if (left === null || !pair) return text.slice(0, start) + rest
  const colon = behindColon(text, pair)
  return `${text.slice(0, colon)} ${left}${text.slice(colon, start)}${rest}`
}

function insertFlow(text: string, collection: MapNode | YAMLSeq, entry: string): string {
  const [start, end] = collection.range ?? [0, 0]
  const inside = text.slice(start + 1, end - 1)
  const closed = inside.trimEnd()
  if (collection.items.length === 0) return `${text.slice(0, start + 1)} ${entry} ${text.slice(end - 1)}`
  return `${text.slice(0, start + 1)}${closed}${closed.endsWith(',') ? '' : ','} ${entry}${inside.slice(closed.length)}${text.slice(end - 1)}`
}

function takeFlow(text: string, collection: MapNode | YAMLSeq, index: number): string {
  const items = collection.items as (YamlNode | PairNode)[]
  const [item, before, next] = [items[index], items[index - 1], items[index + 1]]
  if (!item) return text
  if (next) return text.slice(0, startOf(item)) + text.slice(startOf(next))
  if (before) return text.slice(0, endOf(before)) + text.slice(endOf(item))
  const [start, end] = collection.range ?? [0, 0]
  return text.slice(0, start + 1) + text.slice(end - 1)
}

function replaceValue(text: string, pair: PairNode, value: Json): string {
  const colon = behindColon(text, pair)
  const old = pair.value
  const start = old ? startOf(old) : colon
  const end = old ? endOf(old) : colon
  const isBlock = old !== null && ((isCollection(old) && !old.flow) || (isScalar(old) && (old.type === 'BLOCK_LITERAL' || old.type === 'BLOCK_FOLDED')))
  if (isBlock) {
    const lines = text.slice(0, end).endsWith('\n') ? eolOf(text) : ''
    return `${text.slice(0, colon)} ${inline(value)}${lines}${text.slice(end)}`
  }
  // Nothing stood behind the colon: a blank has to come first.
  return `${text.slice(0, start)}${start === colon ? ' ' : ''}${inline(value)}${text.slice(Math.max(start, end))}`
}
