import type { Checked } from './checks.ts'
import { DURATION, parseDuration } from './duration.ts'
import { label } from './issues.ts'
import { nearest } from './nearest.ts'
import { DEFAULT_POLICY, longForm, resolvePolicy, rotatorOf } from './resolve.ts'
import { DAYS, POLICY_KEYS, type RawPolicy } from './schema.ts'
import { timesConflict } from './times.ts'
import { nodeAt, type Path } from './tree.ts'
import { longestWaitMs } from './window.ts'

const TIMES = POLICY_KEYS.filter((key) => !key.startsWith('min_'))

/** Times against each other: a rotation must be able to end before the old credential is too old. */
export function checkTimes(checked: Checked): void {
  const { raw } = checked
  const window = raw.schedule?.window
  if (window && window.from === window.to)
    checked.report(['schedule', 'window', 'to'], 'value', 'schedule.window: begins and ends at the same time', 'take the window away if it is always open')
  const wait = window && window.from !== window.to ? longestWaitMs({ days: window.days ?? DAYS, from: window.from, to: window.to }) : 0
  checkZone(checked)
  checkLengths(checked, raw.policy ?? {}, ['policy'])
  for (const [index, output] of (raw.outputs ?? []).entries()) {
    if (typeof output === 'string') continue
    for (const [number, consumer] of (output.consumers ?? []).entries()) {
      for (const key of ['timeout', 'probation'] as const) checkTimeout(checked, consumer[key], ['outputs', index, 'consumers', number, key])
    }
  }
  const policy = resolvePolicy(raw.policy ?? {}, DEFAULT_POLICY)
  const conflict = timesConflict(policy, wait)
  if (conflict) checked.report(culprit(checked, ['policy']), 'value', `policy: ${conflict.message}`, conflict.hint)
  for (const [name, written] of Object.entries(raw.secrets ?? {})) {
    const secret = longForm(written)
    if (!TIMES.some((key) => secret[key] !== undefined)) continue
    checkLengths(checked, secret, ['secrets', name])
    // Never rotated, so nothing has to fit.
    if (rotatorOf(secret).ref.kind === 'none') continue
    const own = timesConflict(resolvePolicy(secret, policy), wait)
    if (own) checked.report(culprit(checked, ['secrets', name]), 'value', `secrets.${name}: ${own.message}`, own.hint)
  }
}

/** The line to point at: the first of the times that is written there, else the window that makes them too short. */
function culprit(checked: Checked, base: Path): Path {
  const key = ['rotate_before', 'max_age', 'ask_after', 'grace'].find((candidate) => nodeAt(checked.root, [...base, candidate]))
  if (key) return [...base, key]
  return nodeAt(checked.root, ['schedule', 'window']) ? ['schedule', 'window'] : base
}

function checkLengths(checked: Checked, raw: RawPolicy, base: Path): void {
  for (const key of TIMES) {
    const text = raw[key]
    if (typeof text === 'string' && DURATION.test(text) && parseDuration(text) === null) {
      checked.report([...base, key], 'value', `${label([...base, key])}: is more than ten years`, 'write a shorter time')
    }
  }
}

function checkTimeout(checked: Checked, text: string | undefined, path: Path): void {
  const ms = text === undefined ? null : parseDuration(text)
  if (text === undefined || (ms !== null && ms > 0 && ms <= 3_600_000)) return
  checked.report(path, 'value', `${label(path)}: is more than nothing and at most 1h`, 'write 60s or 5m')
}

function checkZone(checked: Checked): void {
  const zone = checked.raw.schedule?.zone
  if (zone === undefined) return
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    const meant = nearest(zone, Intl.supportedValuesOf('timeZone'))
    checked.report(['schedule', 'zone'], 'value', 'schedule.zone: is no time zone', meant ? `did you mean "${meant}"?` : 'write it like Europe/Vienna, or UTC')
  }
}
