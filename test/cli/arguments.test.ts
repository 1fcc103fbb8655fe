import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COMMANDS, FIRST, findCommand } from '../../cli/commands.ts'
import { allCommands, commandHelp, overview } from '../../cli/help.ts'
import { LOADERS } from '../../cli/loaders.ts'
import { parseCommandLine, type Request } from '../../cli/program.ts'
import { isKeyturnError } from '../../src/errors.ts'

const parse = (line: string): Request => parseCommandLine(line.split(' ').filter(Boolean))
const run = (line: string): Request & { kind: 'run' } => {
  const request = parse(line)
  if (request.kind !== 'run') throw new Error(`"${line}" is no command`)
  return request
}
const refusal = (line: string): string => {
  try {
    parse(line)
  } catch (error) {
    if (isKeyturnError(error, 'USAGE')) return `${error.message} | ${error.hint}`
    throw error
  }
  return 'accepted'
}

describe('the command line', () => {
  it('takes global options before and after the command', () => {
    for (const line of ['--json -e staging status openai', 'status --json openai -e staging', 'status openai --environment=staging --json']) {
      expect(run(line)).toMatchObject({ command: 'status', args: ['openai'], globals: { json: true, environment: 'staging' } })
    }
  })

  it('finds the command behind the value of a global option, even if that is the name of one', () => {
    expect(run('--config set status')).toMatchObject({ command: 'status', globals: { config: 'set' } })
    expect(run('--config=set status')).toMatchObject({ command: 'status', globals: { config: 'set' } })
  })

  it('hands everything behind -- on as it is', () => {
    expect(run('run --no-mask -- npm --json -e x')).toMatchObject({ args: ['npm', '--json', '-e', 'x'], options: { mask: false }, globals: { json: false } })
  })

  it('lets a command have an option that the program has as well', () => {
    expect(run('revoke openai --version 3')).toMatchObject({ options: { version: '3' } })
    expect(parse('--version')).toMatchObject({ kind: 'text' })
    expect(parse('-V')).toMatchObject({ kind: 'text' })
  })

  it('takes an optional value only if it is one', () => {
    expect(run('history --verify')).toMatchObject({ options: { verify: true } })
    expect(run('history --verify --json')).toMatchObject({ options: { verify: true }, globals: { json: true } })
    expect(run('history --verify head')).toMatchObject({ options: { verify: 'head' } })
  })

  it('collects what may be given several times', () => {
    expect(run('sync --import A --import B')).toMatchObject({ options: { import: ['A', 'B'] } })
  })

  it('takes the last where an option is given twice', () => {
    expect(run('status --at 2026-01-01 --at 2027-01-01')).toMatchObject({ options: { at: '2027-01-01' } })
  })

  it('is the bare program without a command', () => {
    expect(run('')).toMatchObject({ command: '' })
    expect(run('--json')).toMatchObject({ command: '', globals: { json: true } })
  })

  it.each([
    ['sttus', 'there is no command "sttus" | did you mean "secrets status"?'],
    ['rotaet openai', 'there is no command "rotaet" | did you mean "secrets rotate"?'],
    ['frobnicate', 'there is no command "frobnicate" | secrets help --all lists them'],
    ['--jsn', 'unknown option --jsn | did you mean --json?'],
    ['rotate --dryrun', 'unknown option --dryrun | did you mean --dry-run?'],
    ['rotate --frobnicate', 'unknown option --frobnicate | secrets rotate --help'],
    ['status --at', '--at DATE: the value is missing | secrets status --help'],
    ['status --at --json', '--at DATE: the value is missing | secrets status --help'],
    ['status --json=1', '--json takes no value | secrets status --help'],
    ['report --format markdwn', '--format: "markdwn" is not one of table, markdown, html, csv, json | did you mean markdown?'],
    ['rollback', 'secrets rollback: NAME is missing | secrets rollback --help'],
    ['rollback a b', 'secrets rollback: "b" is one argument too many | secrets rollback --help'],
    ['approve openai', 'secrets approve: --reason TEXT is needed | secrets approve --help'],
    ['status -x', 'unknown option -x | secrets status --help'],
  ])('refuses "%s" and says what to do', (line, answer) => {
    expect(refusal(line)).toBe(answer)
  })

  it('never throws anything but USAGE, whatever is typed', () => {
    const words = fc.oneof(
      fc.string(),
      fc.constantFrom('--', '-', '--json', '--at', '--config', '-e', 'status', 'run', 'set', '--help', '--reason=x', '--no-mask', '--no-color'),
    )
    fc.assert(
      fc.property(fc.array(words, { maxLength: 6 }), (argv) => {
        try {
          parseCommandLine(argv)
        } catch (error) {
          if (!isKeyturnError(error, 'USAGE')) throw error
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('help', () => {
  it('shows first the eight that most people need, marks those that are not there yet, then tells the way back', () => {
    const text = overview()
    for (const name of FIRST) expect(text).toMatch(new RegExp(`^  ${name} .*${findCommand(name)?.later ? '\\(not in this version\\)' : ''}$`, 'm'))
    expect(text).toContain('Go back: secrets rollback NAME. All commands: secrets help --all\n')
  })

  it('lists every command, and marks those that are not in this version', () => {
    const text = allCommands()
    for (const { name, later } of COMMANDS) expect(text).toMatch(new RegExp(`^  ${name}\\b.*${later ? '\\(not in this version\\)' : ''}$`, 'm'))
  })

  it.each(COMMANDS.filter(({ later }) => !later))('of $name has examples that the program understands', (command) => {
    expect(commandHelp(command)).toContain('Examples:\n  secrets')
    expect(command.examples.length).toBeGreaterThan(0)
    for (const [line] of command.examples) {
      const words = line.replace(/ [|<>].*$/, '').match(/"[^"]*"|\S+/g) ?? []
      expect(parseCommandLine(words.map((word) => word.replaceAll('"', '')))).toMatchObject({ kind: 'run', command: command.name })
    }
  })

  it('declares options that can be read', () => {
    for (const command of COMMANDS) expect(() => parse(`${command.name} --help`)).not.toThrow()
  })

  it('knows the code of every command that it does not call later', () => {
    for (const { name, later } of COMMANDS) expect(`${name} ${Object.hasOwn(LOADERS, name)}`).toBe(`${name} ${!later}`)
  })
})
