import { isCollection, isMap, isSeq, type Pair, parseDocument, type Scalar, type YAMLMap, type Node as YamlNode } from 'yaml'

/** Where things stand in the text of an inventory: offsets of keys, values and lines, by yaml's parser. */

/** Keys of maps and numbers of list items. */
export type Steps = readonly (string | number)[]
export type MapNode = YAMLMap<Scalar, YamlNode | null>
export type PairNode = Pair<Scalar, YamlNode | null>

export function nodeAt(text: string, steps: Steps): YamlNode | null {
  let node = parseDocument(text, { stringKeys: true, resolveKnownTags: false }).contents as YamlNode | null
  for (const step of steps) {
    if (isMap(node)) node = pairOf(node as MapNode, String(step))?.value ?? null
    else if (isSeq(node)) node = (node.items[Number(step)] as YamlNode | undefined) ?? null
    else return null
  }
  return node
}

export function mapAt(text: string, steps: Steps): MapNode | null {
  const node = nodeAt(text, steps)
  return isMap(node) ? (node as MapNode) : null
}

export const pairOf = (map: MapNode, key: string): PairNode | null => map.items.find((pair) => String(pair.key.value) === key) ?? null

export const startOf = (node: YamlNode | PairNode): number => ('range' in node ? (node.range?.[0] ?? 0) : startOf((node as PairNode).key))

/** The end of what a node says: a block ends where its last value does, not where the comments below it do. */
export function endOf(node: YamlNode | PairNode): number {
  if (!('range' in node)) {
    const { key, value } = node as PairNode
    return Math.max(endOf(key), value ? endOf(value) : 0)
  }
  if (isCollection(node) && !node.flow) {
    const last = node.items.at(-1)
    if (last) return endOf(last as YamlNode)
  }
  return node.range?.[1] ?? 0
}

/** Behind the colon of a key. */
export const behindColon = (text: string, pair: PairNode): number => text.indexOf(':', endOf(pair.key)) + 1

export const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1

/** Behind the line break of the line in which something ends; a block scalar ends with its line break. */
export function lineEnd(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n') return offset
  const found = text.indexOf('\n', offset)
  return found === -1 ? text.length : found + 1
}

export const columnOf = (text: string, offset: number): number => offset - lineStart(text, offset)

/** The line break that the text uses. */
export const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n')
