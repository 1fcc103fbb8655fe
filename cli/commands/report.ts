import { dirname, resolve } from 'node:path'
import { KeyturnError } from '../../src/errors.ts'
import { STATES, type Status } from '../../src/reports/build.ts'
import type { CommandContext, Run } from '../context.ts'
import type { Pieces } from '../output.ts'
import { readStatus } from '../status.ts'
import { fittedPieces } from '../wrap.ts'

const FOUND = 3

/** Columns of a table in a file, which has no terminal. */
const FILE_WIDTH = 120

/** `secrets report`. Status 3 with `--fail-on` when a secret is in that state or in a worse one. */
export const run: Run = async (context, _, options) => {
  const { out } = context
  const format = options.format ?? (out.json ? 'json' : 'table')
  if (out.json && format !== 'json') throw new KeyturnError('USAGE', `--json and --format ${format} contradict each other`, { hint: 'leave one of them out' })
  const status = await readStatus(context)
  const target = options.output
  if (typeof target === 'string') {
    const file = resolve(context.cwd, target)
    await writeReport(context, file, await render(status, String(format), { width: FILE_WIDTH, color: false }))
    if (out.json) out.document({ schema: 'keyturn/written@1', file })
    else out.say(`Written: ${target}`)
  } else if (format === 'json') {
    await (out.json ? out.documentStream(await render(status, 'json', out)) : out.stream(endLine(await render(status, 'json', out))))
  } else {
    const pieces = await render(status, String(format), out)
    // Markdown is for other programs, whoever looks at it first.
    await out.stream(format === 'table' ? fittedPieces(out, pieces) : pieces)
  }
  return fails(status, options.failOn) ? FOUND : 0
}

async function render(status: Status, format: string, screen: { readonly width: number; readonly color: boolean }): Promise<Iterable<string>> {
  if (format === 'json') return (await import('../../src/reports/json.ts')).reportJson(status)
  if (format === 'markdown') return (await import('../../src/reports/markdown.ts')).reportMarkdown(status)
  return (await import('../../src/reports/table.ts')).reportTable(status, screen)
}

function* endLine(pieces: Iterable<string>): Generator<string> {
  yield* pieces
  yield '\n'
}

const fails = ({ rows }: Status, state: unknown): boolean => {
  const worst = STATES.indexOf(state as (typeof STATES)[number])
  return rows.some((row) => STATES.indexOf(row.state) <= worst)
}

/** The old report or the new one, whatever happens in between, and for its owner alone: names and ages are nobody else's business. */
async function writeReport(context: CommandContext, file: string, pieces: Pieces): Promise<void> {
  const { random } = await context.app()
  const { placeOver, writeTemp } = await import('../../src/state/files.ts')
  const chunks: string[] = []
  for await (const piece of pieces) chunks.push(piece)
  const text = chunks.join('')
  const temp = await writeTemp(dirname(file), Buffer.from(text.endsWith('\n') ? text : `${text}\n`), { random, owner: null })
  await placeOver(temp, file, { random, owner: null })
}
