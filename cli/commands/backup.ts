import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { KeyturnError } from '../../src/errors.ts'
import { backUpTo, backupName } from '../backup-file.ts'
import type { Run } from '../context.ts'
import { serversOf } from '../server-stores.ts'

/** Writes one encrypted file of store, ledger and inventory; every recipient can open it. */
export const run: Run = async (context, [name]) => {
  const { out } = context
  const app = await context.app()
  const file = resolve(context.cwd, name ?? backupName(app))
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new KeyturnError('USAGE', `${name}: this is a folder`, { hint: `secrets backup ${name?.replace(/\/*$/, '/')}${backupName(app)}` })
  }
  await backUpTo(app, file)
  const bytes = statSync(file).size
  if (out.json) out.document({ schema: 'keyturn/backup-written@1', file, bytes, recipients: app.inventory.recipients })
  else {
    out.say(`${file}: ${Math.ceil(bytes / 1024)} KB; opens with any of ${app.inventory.recipients.length} keys`)
    const servers = serversOf(app.inventory)
    if (servers !== '') out.note(`It has the history and secrets.yaml. The values in ${servers} are not in it: they stay there.`)
    out.note('Keep it and the recovery key on other machines than this one.')
  }
  return 0
}
