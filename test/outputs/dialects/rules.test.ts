import { describe, expect, it } from 'vitest'
import { DIALECTS, dialectOf } from '../../../src/outputs/dialects/index.ts'
import { Sensitive } from '../../../src/sensitive.ts'
import type { DialectName } from '../../../src/terms.ts'

/**
 * What each reader makes of the layouts that readers differ about. Those of compose, docker, dotenv and python were taken from
 * the programs themselves (compose-go 2.16.2, docker/cli 29, dotenv 17.4, python-dotenv 1.2.4); `readers.test.ts` asks those
 * that a machine may have.
 */
const parse = (name: DialectName, text: string): Record<string, string> | string => {
  try {
    return Object.fromEntries(
      dialectOf(name)
        .parse(new Sensitive(text))
        .map((entry) => [entry.name, entry.value.reveal()]),
    )
  } catch (error) {
    return (error as Error).message
  }
}

describe('compose reads', () => {
  it.each([
    ['A=1 # c\n', { A: '1' }],
    ['A=1#c\n', { A: '1#c' }],
    ['A= # c\n', { A: '# c' }],
    ['A="x" # c\nB=2', { A: 'x', B: '2' }],
    ['A="x" B=2\n', { A: 'x', B: '2' }],
    ["A='a$B\\n#'\n", { A: 'a$B\\n#' }],
    ["A='it\\'s'\n", { A: "it's" }],
    ["A='x\\\\'\n", { A: 'x\\\\' }],
    ["A='x\\'\nB='y'\n", 'line 2 has "\'" where Compose expects a name'],
    ["A='x\\'\nB=2\n", 'line 1 opens a quote that is never closed'],
    ['A="a\\nb\\tc\\"d\\\\e\\$f"\n', { A: 'a\nb\tc"d\\e$f' }],
    ['A="\\0101\\012\\c\\q"\n', { A: 'A\\12\\c\\q' }],
    ['A=a\\nb\n', { A: 'a\\nb' }],
    ['A=$$x\nB="$$x"\nC=\'$$x\'\n', { A: '$x', B: '$x', C: '$$x' }],
    ['V=v\nA=$V-${V}-${W:-d}-${V:-d}\n', { V: 'v', A: 'v-v-d-v' }],
    ['E=\nA=${E-d}|${E:-d}|${U-d}|${E+s}|${E:+s}|${U+s}\n', { E: '', A: '|d|d|s||' }],
    ['A=${B:-${C:-x}}y\n', { A: 'xy' }],
    ['A=${B:-x} ${C:-y}\n', { A: 'x y' }],
    ['A=${B:?must be set}\n', { A: '' }],
    ['A=x\nB=${\n', 'line 2 holds a "$" reference that Compose refuses ("${" without a name)'],
    ['A=$1 $ $-\n', { A: '$1 $ $-' }],
    ["A='${'\n", { A: '${' }],
    ['A: 1\nB:2\n', { A: '1', B: '2' }],
    ['export A = 1 \nexport\tB=2\n', { A: '1', B: '2' }],
    ['A\nB=2\n', { B: '2' }],
    ['A B=1\n', 'line 1 has a blank inside the name'],
    ['\uFEFFA=1\r\nB="2"\r\n', { A: '1', B: '2' }],
    ['A=1\nA=2\n', { A: '2' }],
    ['A="1\n2"\nB=3\n', { A: '1\n2', B: '3' }],
    ['é.a-[0]=1\n', { 'é.a-[0]': '1' }],
  ])('%j', (text, expected) => expect(parse('compose', text)).toEqual(expected))
})

describe('docker reads', () => {
  it.each([
    ['A="x" # y \nB=\' \'\n', { A: '"x" # y ', B: "' '" }],
    ['  A= x\r\n#c\n\nB\nC=a=b', { A: ' x', C: 'a=b' }],
    ['\uFEFFA=$B ${C}\n', { A: '$B ${C}' }],
    ['A =1\n', 'line 1 has a blank in or after the name, which docker run refuses'],
    ['A=1\nexport B=1\n', 'line 2 has a blank in or after the name, which docker run refuses'],
    ['=1\n', 'line 1 has no name before "="'],
    [`A=${'x'.repeat(65_536)}\n`, 'line 1 is longer than docker run reads (64 KB)'],
  ])('%.40j', (text, expected) => expect(parse('docker', text)).toEqual(expected))
})

describe('dotenv reads', () => {
  it.each([
    ['A=1#c\nB="1#c" # d\nC=`x`\n', { A: '1', B: '1#c', C: 'x' }],
    ['A="a\\nb\\"c"\n', { A: 'a\nb\\"c' }],
    ["A='a\\nb'\n", { A: 'a\\nb' }],
    ['A="it\'s"\nB=\'say "x"\'\n', { A: "it's", B: 'say "x"' }],
    ['A="open\nB=2\n', { A: '"open', B: '2' }],
    ['A="1\r\n2"\r\n', { A: '1\n2' }],
    ['A: 1\nA.b-c=2\nD\n', { A: '1', 'A.b-c': '2' }],
    ['A=$B ${C}\n', { A: '$B ${C}' }],
  ])('%j', (text, expected) => expect(parse('dotenv', text)).toEqual(expected))
})

describe('node reads', () => {
  it.each([
    ['A=1#c\nB="1#c" junk\nC=`x`\n', { A: '1', B: '1#c', C: 'x' }],
    ['A="a\\nb\\"c"\n', { A: 'a\nb\\' }],
    ['A= \nB=2\n', { A: 'B=2' }],
    ['\uFEFFA=1\n', { '\uFEFFA': '1' }],
    ['A\nB=2\n', { B: '2' }],
    ["A='open\nB=2\n", { A: "'open", B: '2' }],
  ])('%j', (text, expected) => expect(parse('node', text)).toEqual(expected))
})

describe('python-dotenv reads', () => {
  it.each([
    ['A=1 # c\nB=1#c\nC= # c\n', { A: '1', B: '1#c', C: '' }],
    ["A='it\\'s \\\\ \\n'\n", { A: "it's \\ \\n" }],
    ['A="a\\nb\\q"\n', { A: 'a\nb\\q' }],
    ["V=v\nA='${V}-${W:-d}-$V'\n", { V: 'v', A: 'v-d-$V' }],
    ["A='x\nB=2\n", { B: '2' }],
    ['A="x" junk\nB=2\n', { B: '2' }],
    ['A=1\nA\n', {}],
    ['\uFEFFA=1\nB="1\r\n2"\r\n', { '\uFEFFA': '1', B: '1\n2' }],
    ['A=1\nB="\\"\n', 'line 2 has a backslash before a quote, which releases of python-dotenv read differently'],
  ])('%j', (text, expected) => expect(parse('python', text)).toEqual(expected))
})

describe('systemd reads', () => {
  it.each([
    ['A="x" # y\nB=1 # c\n', { A: 'x# y', B: '1 # c' }],
    ["A='a'\\''b'\n", { A: "a''b'" }],
    ['A="a\\"b\\$c\\`d\\\\e\\n"\n', { A: 'a"b$c`d\\e\\n' }],
    ['A=a\\\nb\nB=x\\ \n', { A: 'ab', B: 'x ' }],
    ['; c\n# c\nA = 1 \r\nB=2', { A: '1', B: '2' }],
    ['export A=1\nB=$C ${D}\n', { B: '$C ${D}' }],
    ['A="1\n2"\n', { A: '1\n2' }],
    ['A="\u0007\u001b[1m"\nB=1\n', { A: '\u0007\u001b[1m', B: '1' }],
    ['A="open\\', { A: 'open' }],
    [" ='x\nA=1\n==2\nB=3\n", { A: '1', B: '3' }],
    ['A=1\nB="\uffff"\n', 'line 2 has a character that Unicode does not have, for which systemd refuses the file'],
  ])('%j', (text, expected) => expect(parse('systemd', text)).toEqual(expected))
})

describe('a shell reads', () => {
  it.each([
    ['export A=1\nset -a\nif true; then\nB=2\nfi\n', { A: '1', B: '2' }],
    ['A=1 B=2\nC=1 command\n', {}],
    // What depends on code stands for itself: it can equal nothing that we would write.
    ['A=$(date)\nB=`id`\nC=~/x\nD=$((1+1))\nE="$(cat "x y")"\n', { A: '$(date)', B: '`id`', C: '~/x', D: '$((1+1))', E: '"$(cat "x y")"' }],
    ['A=x\r\n', { A: 'x\r' }],
    ['A="open\n', 'line 1 opens a quote that is never closed'],
  ])('%j', (text, expected) => expect(parse('shell', text)).toEqual(expected))
})

describe('json reads', () => {
  it.each([
    ['{"A": "x\\n", "B": 1, "C": {"D": "y"}, "A": "z"}', { A: 'z', B: '1', C: '{"D": "y"}' }],
    ['\uFEFF{}', {}],
    ['{"A": "x",\n "B": canary}', 'line 2 is not JSON'],
    ['[]', 'line 1 does not start a JSON object with one member a variable'],
  ])('%j', (text, expected) => expect(parse('json', text)).toEqual(expected))
})

describe('a value is written', () => {
  const write = (name: DialectName, value: string, like?: string): string => {
    try {
      return dialectOf(name).encode('KEY', new Sensitive(value), like).reveal()
    } catch (error) {
      return (error as Error).message
    }
  }

  it.each<[DialectName, string, string | undefined, string]>([
    ['compose', 'abc', undefined, 'abc'],
    ['compose', 'abc', '"old"', '"abc"'],
    ['compose', 'abc', "'old'", "'abc'"],
    ['compose', 'a b$c', undefined, "'a b$c'"],
    ['compose', 'a b$c', 'old', "'a b$c'"],
    ['compose', 'a b$c', '"old"', '"a b\\$c"'],
    ['compose', "it's", undefined, '"it\'s"'],
    ['compose', "it's", "'old'", "'it\\'s'"],
    ['compose', 'end\\', undefined, '"end\\\\"'],
    ['compose', 'end\\', "'old'", '"end\\\\"'],
    ['docker', '"quoted" # x', '"old"', '"quoted" # x'],
    ['docker', 'a\nb', undefined, 'KEY: dialect "docker" cannot hold its value: docker run has no way to write a line break'],
    ['dotenv', "it's", undefined, "`it's`"],
    ['dotenv', 'a"\'`b c#', undefined, 'KEY: dialect "dotenv" cannot hold its value: no way of quoting it reads back as it was'],
    ['dotenv', 'end \\', undefined, 'KEY: dialect "dotenv" cannot hold its value: it ends in a backslash, which dotenv may take for an escape of the quote'],
    ['node', 'a\rb', undefined, 'KEY: dialect "node" cannot hold its value: Node drops carriage returns'],
    ['node', '"\'`', undefined, 'KEY: dialect "node" cannot hold its value: it holds every kind of quote'],
    ['python', 'a${b}', undefined, 'KEY: dialect "python" cannot hold its value: python-dotenv resolves "${" in every quoting'],
    ['python', "it's \\x", undefined, "'it\\'s \\\\x'"],
    ['shell', "it's $x", undefined, "'it'\\''s $x'"],
    ['shell', '~/x', undefined, "'~/x'"],
    ['systemd', "it's `$x`", undefined, '"it\'s \\`\\$x\\`"'],
    ['systemd', 'a\u0001', undefined, 'KEY: dialect "systemd" cannot hold its value: older releases of systemd drop variables with control characters'],
    ['systemd', 'a\uffff', undefined, 'KEY: dialect "systemd" cannot hold its value: systemd refuses a file with a character that Unicode does not have'],
    ['files', 'a"b\n', undefined, '"a\\"b\\n"'],
    ['json', 'a"b\n', undefined, '"a\\"b\\n"'],
  ])('by %s: %j like %j', (name, value, like, expected) => expect(write(name, value, like)).toBe(expected))

  it('never with a NUL byte or half a character, and the message never holds it', () => {
    for (const { name } of DIALECTS) {
      expect(write(name, 'canary-\0-nul')).toMatch(/^KEY: dialect "\w+" cannot hold its value: it .*NUL byte$/)
      expect(write(name, 'canary-\ud800')).toMatch(/^KEY: dialect "\w+" cannot hold its value: it is not Unicode/)
      expect(write(name, 'canary-\0-nul')).not.toContain('canary')
    }
  })
})
