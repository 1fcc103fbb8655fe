import type { App } from '../../src/app.ts'
import { KeyturnError } from '../../src/errors.ts'
import { showChange } from '../../src/guards/ignore-lines.ts'
import { type Mending, narrow, planMending } from '../../src/guards/mend.ts'
import { replaceText } from '../../src/inventory/import/place.ts'
import { type CheckFormat, reportGuards, shownFrom } from '../check-report.ts'
import type { CommandContext, Run } from '../context.ts'
import { lookAtGuards } from '../guards.ts'
import { textOption } from '../options.ts'

/** Looks whether what holds values stays out of git and images, and is nobody else's to read. Status 3 with findings. */
export const run: Run = async (context, paths, options) => {
  if (paths.length > 0) {
    throw new KeyturnError('UNSUPPORTED', `${paths[0]}: this version does not search files for values`, {
      hint: 'secrets check   without a name looks at the project',
    })
  }
  const format = formatOf(context, textOption(options, 'format'))
  const app = await context.app()
  const before = await lookAtGuards(app)
  if (options.fix !== true) return reportGuards(context, app, before, { format, mended: null })
  const mending = planMending(before)
  if (format === 'text') for (const text of shown(app, mending)) context.out.say(text)
  context.signal.throwIfAborted()
  for (const change of mending.ignores) await replaceText(change.path, change.after, app.random)
  for (const one of mending.modes) await narrow(one)
  return reportGuards(context, app, await lookAtGuards(app), { format, mended: mending })
}

function formatOf({ out }: CommandContext, given: string | undefined): CheckFormat {
  if (out.json && given !== undefined && given !== 'json')
    throw new KeyturnError('USAGE', `--json and --format ${given} are two answers`, { hint: 'ask for one' })
  return out.json ? 'json' : ((given ?? 'text') as CheckFormat)
}

/** What is about to change: lines with those before them, and modes. */
const shown = (app: App, { ignores, modes }: Mending): readonly string[] => [
  ...ignores.map((change) => showChange({ ...change, path: shownFrom(app, change.path) })),
  ...modes.map(({ path, mode }) => `${shownFrom(app, path)}: mode ${mode.toString(8)}`),
]
