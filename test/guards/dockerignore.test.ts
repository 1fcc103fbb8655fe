import { describe, expect, test } from 'vitest'
import { dockerExcludes, dockerVerdict, readDockerRules } from '../../src/guards/dockerignore.ts'

describe('.dockerignore', () => {
  test.each<[string, string, boolean]>([
    ['.env', '.env', true],
    ['.env', 'app/.env', false],
    ['**/.env', '.env', true],
    ['**/.env', 'a/b/.env', true],
    ['**/.env', 'prod.env', false],
    ['**.env', 'a/prod.env', true],
    ['/.env', '.env', true],
    ['./.env', '.env', true],
    ['.env/', '.env', true],
    ['a/../.env', '.env', true],
    ['*.env', 'prod.env', true],
    ['*.env', 'a/prod.env', false],
    ['secrets', 'secrets/.env', true],
    ['foo/**', 'foo/a/.env', true],
    ['foo/**', 'foo', false],
    ['a/**/.env', 'a/.env', true],
    ['a/**/.env', 'a/b/c/.env', true],
    ['.en?', '.env', true],
    ['.[de]nv', '.env', true],
    ['.[^e]nv', '.env', false],
    ['*\n!.env', '.env', false],
    ['*\n!src', '.env', true],
    ['!.env\n.env', '.env', true],
    ['secrets\n!secrets/.env', 'secrets/.env', false],
    ['#.env', '.env', false],
    [' #.env', '#.env', true],
    ['  .env  ', '.env', true],
    ['\\.env', '.env', true],
    ['[', '.env', false],
    ['\uFEFF.env', '.env', true],
    ['.ENV', '.env', false],
  ])('%j keeps %s out: %s', (text, file, out) => expect(dockerExcludes(text, file)).toBe(out))
})

describe('what Docker makes of odd lines', () => {
  test.each<[string, string, boolean]>([
    ['../.env', '.env', false],
    ['/../.env', '.env', true],
    ['**.env', 'env', false],
    ['p|q/*', 'prod.env', true],
    ['a{2}*', 'aab', true],
    ['\\d', '1', true],
    ['[[:alpha:]]', 'x', true],
    ['[*]', '[', false],
    ['a/.env\n!a', 'a/.env', true],
    ['*\n!a/b\n', 'a/b/c', false],
    ['\u{1F600}?', '\u{1F600}\u{1F600}', true],
    ['.env\u00A0', '.env', true],
    ['.env\r\n', '.env', true],
  ])('%j keeps %s out: %s', (text, file, out) => expect(dockerExcludes(text, file)).toBe(out))

  test.each(['[', 'a[', '[]', 'a\\', '[a-', '[z-a]', '\\e', '!', '! ', '!/', '*{2}'])('%j is refused', (line) => {
    expect(readDockerRules(`a\n${line}\n`).refused).toBe(line.trim())
  })

  test('a line that is refused counts where Docker comes to it', () => {
    expect(dockerVerdict(readDockerRules('!\\e\n'), '.env')).toBe('in')
    expect(dockerVerdict(readDockerRules('.env\n!\\e\n'), '.env')).toBe('refused')
    expect(dockerVerdict(readDockerRules('[\n'), '.env')).toBe('refused')
  })
})
