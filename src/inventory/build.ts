import { type Alias, isAlias, isMap, isSeq, type Scalar, type YAMLMap, type Node as YamlNode } from 'yaml'
import type { Place } from './problem.ts'
import { looksLikeValue } from './providers.ts'
import type { Entry, MapNode, Node, ScalarNode } from './tree.ts'

/** How many nodes aliases may stand for together: the classic bomb of nested aliases would make billions. */
const ALIAS_NODES = 20_000
/** Deeper than anything an inventory needs, and far from the end of the stack. */
const DEEPEST = 64

/** Turns yaml's nodes into ours: aliases and `<<` resolved, keys unique, within limits. What is wrong is reported by its offset in the text. */
export function buildTree(contents: YamlNode, at: (offset: number) => Place, report: (offset: number, message: string, hint: string) => void): Node {
  const anchors = new Map<string, YamlNode>()
  const open = new Set<YamlNode>()
  let aliasDepth = 0
  let aliasNodes = 0
  let refused = false

  /** A limit is reported once; the place gets an empty value. */
  const refuse = (offset: number, message: string, hint: string): Node => {
    if (!refused) report(offset, message, hint)
    refused = true
    return nothing(at(offset))
  }

  const build = (node: YamlNode, depth: number): Node => {
    const offset = node.range?.[0] ?? 0
    if (aliasDepth > 0 && ++aliasNodes > ALIAS_NODES) {
      return refuse(offset, 'aliases ("*name") repeat too much of the file', 'write it out, or use "policy:" for what all secrets share')
    }
    if (depth > DEEPEST) return refuse(offset, 'the file is nested too deeply', 'an inventory has a handful of levels')
    if (isAlias(node)) return followAlias(node, depth)
    const anchor = (node as { anchor?: string }).anchor
    if (anchor) anchors.set(anchor, node)
    open.add(node)
    let built: Node
    if (isMap(node)) built = buildMap(node as YAMLMap<YamlNode, YamlNode | null>, depth)
    else if (isSeq(node)) built = { kind: 'list', at: at(offset), items: (node.items as YamlNode[]).map((item) => build(item, depth + 1)) }
    else built = scalarOf(node as Scalar, at(offset))
    open.delete(node)
    return built
  }

  const buildMap = (node: YAMLMap<YamlNode, YamlNode | null>, depth: number): MapNode => {
    const entries = new Map<string, Entry>()
    const merged: MapNode[] = []
    for (const pair of node.items) {
      const offset = pair.key.range?.[0] ?? 0
      const key = String((pair.key as Scalar).value)
      const value = pair.value === null ? nothing(at(offset)) : build(pair.value, depth + 1)
      const before = entries.get(key)
      if (key === '<<' && (pair.key as Scalar).type === 'PLAIN') merged.push(...mergeable(value, offset))
      else if (key === '__proto__') report(offset, 'a key of this name is not possible', 'choose another name')
      else if (before) report(offset, `${showKey(key)} is there already, in line ${before.key.line}`, 'keep one of the two')
      else entries.set(key, { key: at(offset), node: value })
    }
    for (const source of merged) for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry)
    return { kind: 'map', at: at(node.range?.[0] ?? 0), entries }
  }

  const mergeable = (value: Node, offset: number): readonly MapNode[] => {
    const sources = value.kind === 'list' ? value.items : [value]
    const maps = sources.filter((source) => source.kind === 'map')
    // An alias that leads nowhere has been reported.
    if (maps.length < sources.length && !refused) report(offset, '"<<" merges maps, and this is none', 'write "<<: *name" with the name of a map')
    return maps
  }

  const followAlias = (node: Alias, depth: number): Node => {
    const offset = node.range?.[0] ?? 0
    const target = anchors.get(node.source)
    if (!target || open.has(target)) {
      const name = showKey(`*${node.source}`)
      if (target) report(offset, `${name} refers to what it stands in`, 'write it out')
      else report(offset, `${name} refers to nothing above it`, 'write "&NAME" where it is defined, or put the text in quotes')
      refused = true
      return nothing(at(offset))
    }
    aliasDepth++
    const built = build(target, depth)
    aliasDepth--
    return built
  }

  return build(contents, 0)
}

function scalarOf(node: Scalar, at: Place): ScalarNode {
  const { value } = node
  const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
  return { kind: 'scalar', at, value: known, plain: node.type === 'PLAIN' ? (node.source ?? null) : null }
}

const nothing = (at: Place): ScalarNode => ({ kind: 'scalar', at, value: null, plain: '' })

/** A key as it may be shown: one that does not look like a name could be a value that was pasted. */
export const showKey = (key: string): string => (/^[\w.$<>*/ -]{1,40}$/.test(key) && !looksLikeValue(key) ? `"${key}"` : `a key of ${key.length} characters`)
