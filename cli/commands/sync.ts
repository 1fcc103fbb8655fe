import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { KeyturnError } from '../../src/errors.ts'
import { findSecret } from '../../src/inventory/lookup.ts'
import { compareOutput, hostState } from '../../src/rotation/deliver.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { noticeForeignAmong } from '../../src/rotation/open.ts'
import { givenRotationOf } from '../../src/rotation/resume.ts'
import { settle } from '../../src/rotation/settle.ts'
import type { Inventory, Output } from '../../src/terms.ts'
import type { Run } from '../context.ts'
import { PATIENCE_MS, sayOnce, sayWaits } from '../follow.ts'
import { warnOfNew } from '../guards.ts'
import { importValues, type Named } from '../import-edited.ts'
import { listOption } from '../options.ts'
import { editedIn, reportCheck, reportSync } from '../sync-report.ts'

/** The host stream, now: this host's files and consumers in line with the store. Shows names, never values. */
export const run: Run = async (context, files, options) => {
  const imported = listOption(options, 'import')
  const discarded = listOption(options, 'discard')
  const ways = [options.check === true, imported.length > 0, discarded.length > 0].filter(Boolean)
  if (ways.length > 1) throw new KeyturnError('USAGE', '--check, --import and --discard are three questions', { hint: 'ask one of them' })
  const app = await context.app()
  const engine = await app.engine()
  const inventory = engine.inventory()
  const outputs = chosen(engine, files, context.cwd)
  if (options.check === true) return reportCheck(context, await compareAll(engine, outputs))
  const named = [...imported, ...discarded].map((name) => meant(inventory, name))
  const made = outputs.filter((o) => !existsSync(o.target))
  const recorded = (await hostState(engine))?.seq
  const before = await compareAll(engine, outputs)
  const edited = new Set(editedIn(before).map(({ name }) => name))
  const isEdited = ({ variables }: Named): boolean => variables.some((variable) => edited.has(variable))
  // Imported already, by a command that was interrupted: it is one of the open ones, which go on below.
  const begun = imported.length === 0 ? [] : await begunImports(engine, named)
  const unedited = named.find((one) => !isEdited(one) && !begun.includes(one))
  if (unedited) {
    throw new KeyturnError('NOTHING_OPEN', `${unedited.name}: no value edited by hand is in ${outputs.map((o) => o.file).join(', ') || 'any output'}`, {
      hint: 'secrets sync --check   lists what differs',
    })
  }
  const wanted = named.filter((one) => !begun.includes(one))
  if (imported.length > 0 && wanted.length > 0) return importValues(context, engine, outputs, wanted, options)
  const { looked, open } = await noticeForeignAmong(engine, inventory.secrets)
  await settle(engine, open, {
    patientUntil: engine.clock.now() + PATIENCE_MS,
    force: outputs.map((o) => o.file),
    discard: named.flatMap(({ variables }) => variables),
    onWait: sayWaits(context, engine, open),
    onNote: sayOnce(context),
    retry: 'secrets sync',
  })
  // Where nothing was recorded of this host, nothing was written: all is as it was found.
  const same = looked.length + open.length === 0 && (await hostState(engine))?.seq === recorded
  const after = same ? before : await compareAll(engine, outputs)
  const status = await reportSync(context, engine, before, after)
  await warnOfNew(
    context,
    app,
    made.filter((o) => existsSync(o.target)),
  )
  return status
}

const compareAll = (engine: Engine, outputs: readonly Output[]) => Promise.all(outputs.map((o) => compareOutput(engine, o)))

async function begunImports(engine: Engine, named: readonly Named[]): Promise<readonly Named[]> {
  const begun: Named[] = []
  for (const one of named) if (one.secret && (await givenRotationOf(engine, one.secret)) !== null) begun.push(one)
  return begun
}

/** The outputs of this host that are named: as in the inventory, or as seen from the folder one stands in. */
function chosen(engine: Engine, files: readonly string[], cwd: string): readonly Output[] {
  const { outputs, file } = engine.inventory()
  const own = outputs.filter((o) => o.host === engine.host)
  const isNamed = (name: string) => (o: Output) => o.file === name || resolve(o.target) === resolve(cwd, name)
  const unknown = files.find((name) => !own.some(isNamed(name)))
  if (unknown !== undefined) {
    throw new KeyturnError('NAME_UNKNOWN', `${unknown} is no output of this host (${engine.host}) in ${file}`, {
      hint: own.length > 0 ? `there are: ${own.map((o) => o.file).join(', ')}` : 'name it under "outputs:"',
    })
  }
  return files.length === 0 ? own : own.filter((o) => files.some((name) => isNamed(name)(o)))
}

/** What is named: a secret with its variables, one variable of it, or a variable made by a template (of no one secret). */
function meant(inventory: Inventory, name: string): Named {
  if (inventory.outputs.some((o) => Object.hasOwn(o.vars, name))) return { name, secret: null, variables: [name] }
  const secret = findSecret(inventory, name)
  return { name, secret, variables: Object.hasOwn(secret.env, name) ? [name] : Object.keys(secret.env) }
}
