import { statusJson } from '../../src/reports/json.ts'
import { detailTable, statusTable } from '../../src/reports/table.ts'
import type { Run } from '../context.ts'
import { parseMoment } from '../moment.ts'
import { readStatus } from '../status.ts'
import { fittedPieces } from '../wrap.ts'

/** `secrets status [NAME...] [--at DATE]`. */
export const run: Run = async (context, names, options) => {
  const { out } = context
  const at = typeof options.at === 'string' ? parseMoment(options.at, '--at') : undefined
  const status = await readStatus(context, names, at)
  if (out.json) await out.documentStream(statusJson(status))
  else await out.stream(fittedPieces(out, (names.length > 0 ? detailTable : statusTable)(status, out)))
  return 0
}
