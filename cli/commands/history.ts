import { type App, loadLedgerTools } from '../../src/app.ts'
import { KeyturnError } from '../../src/errors.ts'
import { eventJson, historyLine } from '../../src/reports/history.ts'
import { openOrDeclared } from '../../src/rotation/left.ts'
import { type Recorded, secretStream } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import { fittedPieces } from '../wrap.ts'

type ReadLedger = Awaited<ReturnType<App['ledger']>>

const FAILED = 1

/** `secrets history [NAME]`, `--head`, `--verify [HEAD]`. */
export const run: Run = async (context, [name], options) => {
  if (options.head && options.verify) throw new KeyturnError('USAGE', '--head and --verify are two questions', { hint: 'ask one of them' })
  const { out } = context
  const app = await context.app()
  const ledger = await app.ledger()
  if (options.head) return printHead(context, ledger)
  if (options.verify) return verify(context, ledger, typeof options.verify === 'string' ? options.verify : null)
  const events = await eventsOf(
    ledger,
    name === undefined ? null : secretStream(app.inventory.id, (await openOrDeclared({ inventory: () => app.inventory, ledger }, name)).id),
  )
  if (out.json) await out.documentStream(document(app.inventory.id, events))
  else await out.stream(fittedPieces(out, lines(events, name === undefined)))
  return 0
}

async function eventsOf(ledger: ReadLedger, stream: string | null): Promise<AsyncIterable<Recorded> | readonly Recorded[]> {
  if (stream !== null) return ledger.read(stream)
  const { exportEvents } = await loadLedgerTools()
  return exportEvents(ledger)
}

async function* lines(events: AsyncIterable<Recorded> | readonly Recorded[], named: boolean): AsyncGenerator<string> {
  let some = false
  for await (const event of events) {
    yield `${historyLine(event, named)}\n`
    some = true
  }
  if (!some) yield 'Nothing has been recorded yet.\n'
}

async function* document(inventory: string, events: AsyncIterable<Recorded> | readonly Recorded[]): AsyncGenerator<string> {
  yield `{\n  "schema": "keyturn/history@1",\n  "inventory": ${JSON.stringify(inventory)},\n  "events": [`
  let before = '\n    '
  for await (const event of events) {
    yield before + JSON.stringify(eventJson(event))
    before = ',\n    '
  }
  yield before === '\n    ' ? ']\n}' : '\n  ]\n}'
}

async function printHead({ app, out }: CommandContext, ledger: ReadLedger): Promise<number> {
  const { paths, random } = await app()
  const [{ headOf }, { loadSigningKey }] = await Promise.all([loadLedgerTools(), import('../../src/state/signing.ts')])
  const key = await loadSigningKey({ file: paths.signingKeyFile, random, owner: paths.owner })
  const head = await headOf(ledger, key.sign)
  if (out.json) out.document({ schema: 'keyturn/head@1', head, publicKey: key.publicKey })
  // To be copied: in one line, however long.
  else await out.stream([head, '\n'])
  return 0
}

async function verify({ app, out }: CommandContext, ledger: ReadLedger, line: string | null): Promise<number> {
  const { paths, random } = await app()
  const [{ verifyLedger }, { loadSigningKey, verifySignature }, { fold }] = await Promise.all([
    loadLedgerTools(),
    import('../../src/state/signing.ts'),
    import('../../src/rotation/fold.ts'),
  ])
  const key = line === null ? null : await loadSigningKey({ file: paths.signingKeyFile, random, owner: paths.owner })
  const kept = key && { line: line ?? '', verify: (text: string, signature: string) => verifySignature(text, signature, key.publicKey) }
  const verdict = await verifyLedger(ledger, fold, kept ?? undefined)
  if (out.json) {
    out.document({ schema: 'keyturn/verify@1', ...verdict })
    return verdict.intact ? 0 : FAILED
  }
  const seen = `${verdict.events} events in ${verdict.streams} streams`
  if (!verdict.intact) {
    const details = verdict.problems.map(
      ({ stream, seq, what }) => `${stream === null ? 'ledger' : `${stream}${seq === null ? '' : `, event ${seq}`}`}: ${what}`,
    )
    throw new KeyturnError('LEDGER_DAMAGED', `the history is not intact: ${seen}, ${details.length === 1 ? '1 problem' : `${details.length} problems`}`, {
      details,
    })
  }
  out.print(`Intact: ${seen}.${verdict.head === 'matches' ? ' The head matches.' : ''}`)
  out.note(verdict.note)
  return 0
}
