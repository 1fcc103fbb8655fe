import type { Json } from '../terms.ts'
import type { Place } from './problem.ts'

/** What a file says, with the place of every key and value: schema and checks work on the plain data, messages find their line here. */
export type Node = MapNode | ListNode | ScalarNode

export interface MapNode {
  readonly kind: 'map'
  readonly at: Place
  readonly entries: ReadonlyMap<string, Entry>
}

export interface Entry {
  /** Where the key stands. */
  readonly key: Place
  readonly node: Node
}

export interface ListNode {
  readonly kind: 'list'
  readonly at: Place
  readonly items: readonly Node[]
}

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly at: Place
  readonly value: string | number | boolean | null
  /** As it stands in the file, when it is neither quoted nor a block. */
  readonly plain: string | null
}

/** Steps from the root: names of keys and numbers of list items. */
export type Path = readonly (string | number)[]

/** The data without places. A scalar that was written `0777` is a number here, as YAML has it. */
export function plain(node: Node): Json {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plain)
  // fromEntries defines own properties, so a key such as "constructor" does no harm.
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.node)]))
}

/** The node at a path; `null` where the path leads nowhere. */
export function nodeAt(root: Node, path: Path): Node | null {
  let node: Node | undefined = root
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.node
    else if (node?.kind === 'list') node = node.items[Number(step)]
    else return null
  }
  return node ?? null
}

/**
 * Where to point for a path. `key`: at the key itself, which is right for an unknown key and for something missing below it.
 * `value`: at what stands behind it. A path that leads nowhere points at the nearest thing above it.
 */
export function placeOf(root: Node, path: Path, what: 'key' | 'value'): Place {
  let node: Node = root
  let place = root.at
  for (const [index, step] of path.entries()) {
    if (node.kind === 'map') {
      const entry = node.entries.get(String(step))
      if (!entry) return place
      place = what === 'value' && index === path.length - 1 && standsBehind(entry) ? entry.node.at : entry.key
      node = entry.node
    } else if (node.kind === 'list') {
      const item: Node | undefined = node.items[Number(step)]
      if (!item) return place
      place = item.at
      node = item
    } else return place
  }
  return place
}

// A block begins at its first line below: for what is wrong with the whole of it, its own name is the better place.
const standsBehind = (entry: Entry): boolean => entry.node.kind === 'scalar' || (entry.key.line === entry.node.at.line && entry.key.file === entry.node.at.file)

/** A base with a child laid over it: maps by key, the child's value wins; lists and scalars are replaced whole. Places stay those of their files. */
export function overlay(base: Node, child: Node): Node {
  if (base.kind !== 'map' || child.kind !== 'map') return child
  const entries = new Map(base.entries)
  for (const [key, entry] of child.entries) {
    const below = base.entries.get(key)
    entries.set(key, below ? { key: entry.key, node: overlay(below.node, entry.node) } : entry)
  }
  return { kind: 'map', at: child.at, entries }
}

/** The same map without some keys. */
export function without(node: Node, keys: readonly string[]): Node {
  if (node.kind !== 'map') return node
  return { ...node, entries: new Map([...node.entries].filter(([key]) => !keys.includes(key))) }
}
