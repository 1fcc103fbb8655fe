import { describe, expect, it } from 'vitest'
import { createOutput, type OutputOptions } from '../../cli/output.ts'
import { KeyturnError } from '../../src/errors.ts'

function open(options: Partial<OutputOptions> = {}) {
  const written = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text
    },
  })
  const out = createOutput({ stdout: sink('stdout'), stderr: sink('stderr'), json: false, quiet: false, color: true, level: 'info', ...options })
  return { out, written }
}
const error = new KeyturnError('USAGE', 'what is wrong', { hint: 'what to do', details: ['one', 'two'] })

describe('output', () => {
  it('puts results on stdout and everything else on stderr', () => {
    const { out, written } = open()
    out.print('a table')
    out.say('done')
    out.note('progress')
    out.warn('look', 'here')
    out.debug('not shown')
    expect(written).toEqual({ stdout: 'a table\ndone\n', stderr: 'progress\nsecrets: warning: look\nsecrets: hint: here\n' })
  })

  it('with --quiet keeps what was asked for and what went wrong', () => {
    const { out, written } = open({ quiet: true })
    out.print('a table')
    out.say('done')
    out.note('progress')
    out.warn('look')
    out.fail(error)
    expect(written).toEqual({ stdout: 'a table\n', stderr: 'secrets: warning: look\nsecrets: error: what is wrong\n  one\n  two\nsecrets: hint: what to do\n' })
  })

  it('with --json puts one document on stdout, whatever a command says besides', () => {
    const { out, written } = open({ json: true })
    out.print('a table')
    out.say('done')
    out.document({ schema: 'x@1' })
    out.fail(error)
    expect(JSON.parse(written.stdout)).toEqual({ schema: 'x@1' })
    expect(written.stderr).toContain('a table\ndone\n')
    expect(() => out.document({})).toThrow('second')
  })

  it('with --json makes the error the document where there is no other', () => {
    const { out, written } = open({ json: true })
    out.fail(error)
    expect(JSON.parse(written.stdout)).toEqual({
      schema: 'keyturn/error@1',
      code: 'USAGE',
      message: 'what is wrong',
      hint: 'what to do',
      details: ['one', 'two'],
    })
    expect(written.stderr).toContain('secrets: error: what is wrong')
  })

  it('joins pieces and adds nothing', async () => {
    const { out, written } = open()
    await out.stream(['a', 'b'.repeat(200_000), 'c\n'])
    expect(written.stdout).toBe(`a${'b'.repeat(200_000)}c\n`)
  })

  it('uses colours on a terminal alone', () => {
    expect(open().out.color).toBe(false)
    const terminal = { write: () => true, isTTY: true, columns: 80 }
    expect(open({ stdout: terminal }).out).toMatchObject({ color: true, width: 80, terminal: true })
    expect(open({ stdout: terminal, color: false }).out.color).toBe(false)
  })

  it('lets no message speak to the terminal', () => {
    const { out, written } = open()
    out.note('a folder called \u001b[31mred')
    out.warn('\u009b2J', 'it is \u0007')
    out.fail(new KeyturnError('USAGE', 'two\nlines \u001b]0;title\u0007', { details: ['\u001b[1A'] }))
    expect(written.stderr).not.toMatch(/(?![\n\t])\p{Cc}/u)
    expect(written.stderr).toContain('two\nlines')
  })

  it('tells as much as was asked', () => {
    const { out, written } = open({ level: 'error' })
    out.warn('no')
    out.note('no')
    out.fail(error)
    expect(written.stderr).not.toContain('no')
    expect(written.stderr).toContain('error: what is wrong')
  })
})
