import { access, readdir } from 'node:fs/promises'
import path from 'node:path'

/** The file names that an `#include` stands for, as glob(3) gives them to Asterisk: sorted by bytes, hidden files only where the pattern says so. */

/** An absolute pattern. One without wildcards comes back as it is, whether the file is there or not. */
export async function expandGlob(pattern: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const plain of expandBraces(pattern)) {
    if (!/[*?[]/.test(plain)) found.push(plain)
    else found.push(...(await expandSegments(plain)))
  }
  return found
}

/** `{a,b}` is spelled out first, as the shell does. */
function expandBraces(pattern: string): readonly string[] {
  const open = pattern.indexOf('{')
  const close = pattern.indexOf('}', open)
  if (open === -1 || close === -1) return [pattern]
  const [before, inner, after] = [pattern.slice(0, open), pattern.slice(open + 1, close), pattern.slice(close + 1)]
  return inner.split(',').flatMap((choice) => expandBraces(before + choice + after))
}

async function expandSegments(pattern: string): Promise<readonly string[]> {
  let paths = ['/']
  for (const segment of pattern.split('/').filter((part) => part !== '')) {
    if (!/[*?[]/.test(segment)) {
      paths = paths.map((parent) => path.join(parent, segment))
      continue
    }
    const matches = segmentPattern(segment)
    const next: string[] = []
    for (const parent of paths) {
      const names = await readdir(parent).catch(() => [])
      next.push(...names.filter((name) => matches.test(name)).map((name) => path.join(parent, name)))
    }
    paths = next
  }
  // A plain segment behind a wildcard was only put together, not looked up.
  const there = await Promise.all(
    paths.map((found) =>
      access(found).then(
        () => true,
        () => false,
      ),
    ),
  )
  return paths.filter((_, i) => there[i]).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function segmentPattern(segment: string): RegExp {
  const source = segment.replace(/\[!?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    if (part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
    return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  })
  return new RegExp(`^${segment.startsWith('.') ? '' : '(?!\\.)'}${source}$`, 's')
}
