import type { Actor, Event, Recorded, Saw } from '../terms.ts'

/** Events as people read them. No event holds a value, so nothing has to be left out. */

/** One line: when, where, what, by whom. `named`: with the name of the stream. */
export function historyLine({ at, stream, seq, event, actor }: Recorded, named: boolean): string {
  const where = named ? `${streamName(stream).padEnd(20)}  ` : ''
  // A reason or a name is somebody's text: it may neither begin a line that looks like another event nor speak to the terminal.
  return `${formatTime(at)}  ${where}${String(seq).padStart(4)}  ${describeEvent(event)}  (${describeActor(actor)})`.replace(/\p{Cc}+/gu, ' ')
}

/** An event as it stands in `keyturn/history@1`: everything that was recorded, the time readable. */
export const eventJson = ({ at, ...rest }: Recorded): object => ({ at: new Date(at).toISOString(), ...rest })

/** `openai` of a secret's stream, `host pbx-1` of a host's. */
export function streamName(stream: string): string {
  const [, kind, ...name] = stream.split('/')
  return kind === 'secret' ? name.join('/') : `${kind ?? ''} ${name.join('/')}`
}

function formatTime(at: number): string {
  const date = new Date(at)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

function describeActor({ user, sudo, ci, host }: Actor): string {
  return `${sudo ?? user}${sudo === undefined ? '' : ` as ${user}`}${ci === undefined ? '' : `, ci ${ci}`}, ${host}`
}

/** What happened, in words. */
export function describeEvent(event: Event): string {
  switch (event.type) {
    case 'opened': {
      const how = event.target ? 'opened to go back' : event.given !== undefined ? 'opened with a given value' : 'opened'
      return `${how}${event.compromisedWaitMs === undefined ? '' : ', compromised'}${event.reason === undefined ? '' : `: ${event.reason}`}`
    }
    case 'claimed':
      return `${event.step} begins${event.on.includes(' ') || event.step === 'write' ? `: ${event.on}` : ''}`
    case 'did':
      return describeResult(event.result)
    case 'failed':
      return `failed ${event.code}: ${event.message}${event.retryAt === null ? '' : ' (tried again later)'}`
    case 'decided':
      return `a person decided: ${event.what}: ${event.reason}`
    case 'saw':
      return describeSaw(event.facts)
  }
}

function describeResult(result: Extract<Event, { type: 'did' }>['result']): string {
  switch (result.step) {
    case 'create':
      return `create done: ${result.version.fingerprint}`
    case 'test':
      return `test done: accepted${result.restricted === undefined ? '' : `, restricted: ${result.restricted}`}`
    case 'revoke':
      return `revoke done, closed${result.broke && result.broke.length > 0 ? `; not proved: ${result.broke.join(', ')}` : ''}${result.note === undefined ? '' : `; ${result.note}`}`
    case 'write':
      return `write done: ${Object.keys(result.vars).length} variables`
    case 'health':
      return `health${result.before ? ' before the delivery' : ''}: ${result.state}${result.why === '' ? '' : `: ${result.why}`}`
    case 'prove':
      return `prove done: ${Object.values(result.vars).filter((print) => print !== null).length} variables seen in the running process`
    default:
      return `${result.step} done`
  }
}

function describeSaw(facts: Saw): string {
  switch (facts.kind) {
    case 'current':
      return `found a current value: ${facts.version.fingerprint}, age by ${facts.source}${facts.note === undefined ? '' : `; ${facts.note}`}`
    case 'proved':
      return `all consumers proved the new value; both work until ${formatTime(facts.graceUntil)}`
    case 'unhealthy':
      return `goes back to the version before: ${facts.why}`
    case 'judged':
      return 'its strength was judged again, with what is known now'
    case 'adopted':
      return `adopted${facts.bornAt === undefined ? '' : `: made ${formatTime(facts.bornAt)}`}: ${facts.evidence}`
    case 'dead':
      return `a version is dead: ${facts.note}`
    case 'restored':
      return `restored: ${facts.versions.length} versions`
    case 'swept':
      return `late orphans looked for: ${facts.removed} removed`
    case 'head':
      return `head: ${facts.head}`
    case 'dropped':
      return 'a version was forgotten, its time to be kept is over'
    case 'reverted':
      return `put back from a backup of ${formatTime(facts.backupAt)}: an open rotation waits for a person`
    case 'removed':
      return `removed from the inventory${facts.reason === undefined ? '' : `: ${facts.reason}`}`
  }
}
