import { readdirSync } from 'node:fs'
import { basename, dirname, relative } from 'node:path'
import { type App, environment } from '../src/app.ts'
import type { Guards } from '../src/guards/check.ts'
import type { GuardFinding } from '../src/guards/finding.ts'
import type { Mending } from '../src/guards/mend.ts'
import type { CommandContext } from './context.ts'

export type CheckFormat = 'text' | 'json' | 'github'

export interface CheckReport {
  readonly format: CheckFormat
  /** What `--fix` changed; `null`: it was not asked for. */
  readonly mended: Mending | null
}

/** Tells what was found, and what nobody looked at. @returns the exit status: 3 with findings */
export async function reportGuards({ out }: CommandContext, app: App, guards: Guards, { format, mended }: CheckReport): Promise<number> {
  const status = guards.findings.length === 0 ? 0 : 3
  const missed = [...guards.unknown, ...notLookedAt(app)]
  if (format === 'json') {
    const { findings, guarded, contexts } = guards
    const document = {
      ...{ schema: 'keyturn/check@1', project: app.inventory.project, environment: app.inventory.environment, ok: status === 0 },
      findings: findings.map(({ rule, file, message, hint, fix }) => ({ rule, file, message, hint, fix })),
      mended: mended === null ? [] : mendedJson(app, mended),
      looked: { files: guarded.map(({ name, what }) => ({ name, what })), contexts },
      notLookedAt: missed,
    }
    if (out.json) out.document(document)
    else await out.stream([`${JSON.stringify(document, null, 2)}\n`])
    return status
  }
  if (format === 'github') {
    await out.stream(guards.findings.map((one) => `${annotation(app, one)}\n`))
    return status
  }
  for (const { file, message, hint } of guards.findings) out.print(`! ${printable(`${file}: ${message}`)}\n    ${printable(hint)}`)
  const fixable = guards.findings.filter((one) => one.fix).length
  if (status !== 0) out.print(`${count(guards.findings.length, 'finding')}${fixable === 0 ? '' : `; "secrets check --fix" mends ${fixable}`}`)
  else out.say(`nothing to find: ${count(guards.guarded.length, 'file')} and ${count(guards.contexts.length, 'build')} looked at`)
  out.say('Not looked at:')
  for (const one of missed) out.say(`  ${printable(one)}`)
  return status
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

/** A file may be called anything. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?')

function notLookedAt({ inventory }: App): readonly string[] {
  const { host } = environment()
  const others = readdirSync(dirname(inventory.file)).filter((name) => /^secrets(\.[a-z0-9_-]+)?\.yaml$/.test(name) && name !== basename(inventory.file))
  return [
    'values in git history, in images and in other files: not in this version',
    ...others.map((name) => `${name}: secrets check ${/^secrets\.(.+)\.yaml$/.test(name) ? `-e ${name.slice(8, -5)}` : `--config ${name}`}`),
    ...inventory.outputs.filter((one) => one.host !== host).map((one) => `mode and owner of ${one.file} on ${one.host}`),
  ]
}

const mendedJson = (app: App, { ignores, modes }: Mending): readonly unknown[] => [
  ...ignores.map(({ path, added }) => ({ file: shownFrom(app, path), added })),
  ...modes.map(({ path, mode }) => ({ file: shownFrom(app, path), mode: mode.toString(8) })),
]

/** As an annotation of a workflow: on the ignore file where one is to change, else on the file. */
function annotation({ inventory }: App, { rule, file, message, hint, at }: GuardFinding): string {
  const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
  const where = at === undefined ? file : relative(inventory.dir, at)
  return `::error file=${property(where)},title=${property(rule)}::${data(`${file}: ${message}\n${hint}`)}`
}

/** A path as one would write it here. */
export function shownFrom({ inventory }: App, path: string): string {
  const name = relative(inventory.dir, path)
  return name.startsWith('../../..') ? path : name
}
