import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../cli/commands.ts'
import { type Completion, complete, type Known } from '../../cli/complete.ts'
import { GLOBAL_OPTIONS } from '../../cli/declare.ts'

const asked: unknown[] = []
const known: Known = {
  secrets: async (where) => {
    asked.push(where)
    return [
      { name: 'openai', env: { OPENAI_API_KEY: 'value' }, fields: ['value'] },
      { name: 'ari', env: { ASTERISK_ARI_USERNAME: 'username', ASTERISK_ARI_PASSWORD: 'password' }, fields: ['username', 'password'] },
      { name: 'openai-admin', env: {}, fields: ['value'] },
    ]
  },
  environments: async () => ['production', 'staging'],
}

const words = (found: Completion) => (typeof found === 'string' ? found : found.map(({ word }) => word))
/** The words of a line; one that ends in a blank begins a new word. */
const offered = async (line: string) => words(await complete(line.split(' '), known))

describe('what a word could become', () => {
  it('is every command that this version has, and no other', async () => {
    const there = COMMANDS.filter(({ later }) => !later).map(({ name }) => name)
    expect(await offered('')).toEqual(there)
    expect(await offered('ro')).toEqual(['rotate', 'rollback'])
    expect(await offered('--config secrets.yaml --json ro')).toEqual(['rotate', 'rollback'])
    expect(await offered('nothing ')).toEqual([])
  })

  it('is every option of the command and every global one, each until it was given', async () => {
    for (const { name, options, later } of COMMANDS) {
      if (later) continue
      const found = await offered(`${name} --`)
      for (const { flags } of [...options, ...GLOBAL_OPTIONS]) expect(found).toContain(/--[a-z-]+/.exec(flags)?.[0])
    }
    expect(await offered('rotate --dry-run --d')).toEqual([])
    expect(await offered('run --no-m')).toEqual(['--no-mask'])
    expect(await offered('sync --import ari --imp')).toEqual(['--import'])
    expect(await offered('--v')).toEqual(['--version'])
  })

  it.each([
    ['report --format ', ['table', 'markdown', 'html', 'csv', 'json']],
    ['report --format=h', ['--format=html']],
    ['report --output ', 'files'],
    ['report --output=r', 'files'],
    ['report --nothing=r', []],
    ['-e ', ['production', 'staging']],
    ['status --environment=s', ['--environment=staging']],
    ['identity ', ['show', 'verify', 'add', 'remove']],
    ['identity add ', []],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['help ro', ['rotate', 'rollback']],
    ['run -- ', 'programs'],
    ['run -- node ', 'files'],
    ['init ', 'files'],
    ['rotate ', ['openai', 'ari', 'openai-admin']],
    ['rotate openai a', ['ari']],
    ['rotate openai ', ['ari', 'openai-admin']],
    ['set openai ', []],
    ['get ASTERISK', ['ASTERISK_ARI_USERNAME', 'ASTERISK_ARI_PASSWORD']],
    ['get ari --field ', ['username', 'password']],
    ['get OPENAI_API_KEY --field ', ['value']],
    ['sync --import OP', ['OPENAI_API_KEY']],
    ['rotate --reason ', []],
    ['rotate -- --', []],
    ['history --verify --h', ['--head', '--help']],
    ['doctor ', []],
  ])('after "%s" is %j', async (line, expected) => {
    expect(await offered(line)).toEqual(expected)
  })

  it('asks for the secrets of the inventory that the line names', async () => {
    asked.length = 0
    await offered('--config other.yaml rotate ')
    await offered('rotate -e staging o')
    await offered('rotate --environment=staging o')
    await offered('report ')
    expect(asked).toEqual([
      { config: 'other.yaml', environment: undefined },
      { config: undefined, environment: 'staging' },
      { config: undefined, environment: 'staging' },
    ])
  })
})
