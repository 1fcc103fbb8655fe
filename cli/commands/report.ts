import { extname, resolve } from 'node:path'
import { KeyturnError } from '../../src/errors.ts'
import { STATES, type Status } from '../../src/reports/build.ts'
import type { Run } from '../context.ts'
import { writeReport } from '../report-file.ts'
import { readStatus } from '../status.ts'
import { fittedPieces } from '../wrap.ts'

const FOUND = 3

/** Columns of a table in a file, which has no terminal. */
const FILE_WIDTH = 120

/** What a file is by its name, where no format is given. */
const BY_ENDING: Readonly<Record<string, string>> = { '.csv': 'csv', '.htm': 'html', '.html': 'html', '.json': 'json', '.md': 'markdown' }

/** `secrets report`. Status 3 with `--fail-on` when a secret is in that state or in a worse one. */
export const run: Run = async (context, _, options) => {
  const { out } = context
  const target = options.output
  const format = options.format ?? (out.json ? 'json' : (typeof target === 'string' && BY_ENDING[extname(target).toLowerCase()]) || 'table')
  if (out.json && format !== 'json') throw new KeyturnError('USAGE', `--json and --format ${format} contradict each other`, { hint: 'leave one of them out' })
  const status = await readStatus(context)
  if (typeof target === 'string') {
    const file = resolve(context.cwd, target)
    await writeReport(context, file, await render(status, String(format), { width: FILE_WIDTH, color: false }))
    if (out.json) out.document({ schema: 'keyturn/written@1', file })
    else out.say(`Written: ${target}`)
  } else if (format === 'json') {
    await (out.json ? out.documentStream(await render(status, 'json', out)) : out.stream(endLine(await render(status, 'json', out))))
  } else {
    const pieces = await render(status, String(format), out)
    // The others are for other programs, whoever looks at them first.
    await out.stream(format === 'table' ? fittedPieces(out, pieces) : pieces)
  }
  return fails(status, options.failOn) ? FOUND : 0
}

async function render(status: Status, format: string, screen: { readonly width: number; readonly color: boolean }): Promise<Iterable<string>> {
  if (format === 'json') return (await import('../../src/reports/json.ts')).reportJson(status)
  if (format === 'markdown') return (await import('../../src/reports/markdown.ts')).reportMarkdown(status)
  if (format === 'html') return (await import('../../src/reports/html/page.ts')).reportHtml(status)
  if (format === 'csv') return (await import('../../src/reports/csv.ts')).reportCsv(status)
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
