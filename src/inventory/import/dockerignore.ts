/**
 * Whether a `.dockerignore` keeps a file out of the build, by the rules of moby's patternmatcher: every pattern starts at
 * the root of the context, `**` is any number of folders, the last line that matches the file or a folder above it wins.
 */
export function dockerExcludes(text: string, file: string): boolean {
  let excluded = false
  for (const { negated, expression } of patternsOf(text)) {
    if (negated !== excluded) continue
    if (matches(expression, file)) excluded = !negated
  }
  return excluded
}

interface Pattern {
  readonly negated: boolean
  readonly expression: RegExp
}

function patternsOf(text: string): readonly Pattern[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .flatMap((line) => {
      const negated = line.startsWith('!')
      const cleaned = clean(negated ? line.slice(1).trim() : line)
      const expression = cleaned === '' ? null : compile(cleaned)
      return expression === null ? [] : [{ negated, expression }]
    })
}

/** As Go's filepath.Clean, and without a leading slash: `/foo`, `foo/` and `./foo` are one pattern. */
function clean(pattern: string): string {
  const parts: string[] = []
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}

function compile(pattern: string): RegExp | null {
  // moby compares the end of the path where `**` comes first and nothing else is special: `**.env` is any name that ends so.
  const suffix = /^\*\*([^*?[\\]+)$/.exec(pattern)?.[1]
  if (suffix !== undefined) return new RegExp(suffix.startsWith('/') ? `(^|/)${quoteAll(suffix.slice(1))}$` : `${quoteAll(suffix)}$`)
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string
    if (char === '*' && pattern[at + 1] === '*') {
      at++
      if (pattern[at + 1] === '/') at++
      source += at + 1 >= pattern.length ? '.*' : '(?:.*/)?'
    } else if (char === '*') source += '[^/]*'
    else if (char === '?') source += '[^/]'
    else if (char === '\\' && at + 1 < pattern.length) source += quote(pattern[++at] as string)
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 2)
      if (end < 0) return null
      source += `[${pattern.slice(at + 1, end).replace(/\\/g, '\\\\')}]`
      at = end
    } else source += quote(char)
  }
  try {
    return new RegExp(`^${source}$`)
  } catch {
    // Docker refuses the whole build then; nothing is excluded by it.
    return null
  }
}

const quote = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

const quoteAll = (text: string): string => [...text].map(quote).join('')

/** The file, or any folder above it. */
function matches(expression: RegExp, file: string): boolean {
  const parts = file.split('/')
  return parts.some((_, at) => expression.test(parts.slice(0, at + 1).join('/')))
}
