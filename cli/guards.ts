import { resolve } from 'node:path'
import { type App, environment } from '../src/app.ts'
import type { Guards } from '../src/guards/check.ts'
import type { Output } from '../src/terms.ts'
import type { CommandContext } from './context.ts'

/** What the guards say of a project. Reads only; neither store nor ledger is opened. @throws FILE_UNREADABLE for an ignore file */
export async function lookAtGuards(app: App): Promise<Guards> {
  const { checkGuards } = await import('../src/guards/check.ts')
  return checkGuards({
    inventory: app.inventory,
    paths: app.paths,
    host: environment().host,
    uid: app.actor.uid,
    git: { path: app.env.PATH, env: settingsOf(app.env) },
  })
}

/** Where git finds the settings of whoever asks. */
const settingsOf = (env: App['env']): Readonly<Record<string, string>> =>
  Object.fromEntries(['HOME', 'XDG_CONFIG_HOME', 'GIT_CONFIG_NOSYSTEM'].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))

/** A file that was just made may be one that git or an image would take: said once, when it is made. */
export async function warnOfNew({ out }: CommandContext, app: App, made: readonly Output[]): Promise<void> {
  if (made.length === 0) return
  const { findings, guarded } = await lookAtGuards(app)
  for (const { file, target } of made) {
    const name = guarded.find(({ path }) => path === resolve(target))?.name
    const count = findings.filter((one) => one.file === name).length
    if (count > 0) out.warn(`${file} is new, and the guards have ${count === 1 ? 'a finding' : `${count} findings`} about it`, 'secrets check')
  }
}
