import { KeyturnError } from '../../errors.ts'
import type { Clock, Random } from '../../ports.ts'
import type { Sensitive } from '../../sensitive.ts'
import type { Millis, Token } from '../../terms.ts'
import { creationToken, originOf, requestToken } from './names.ts'
import { CURRENT, type Description, type Held, type Secrets } from './secrets.ts'

/**
 * AWS advises against writing a secret more often for long: it keeps 100 versions without a label, removes none of the last 24 hours,
 * and then refuses every write.
 */
const PACE_MS: Millis = 10 * 60_000

/** Lost races for one secret after which it is left to those who are faster. */
const TRIES = 24

const PENDING = 'AWSPENDING'

export interface Replacing {
  readonly secrets: Secrets
  readonly clock: Clock
  readonly random: Random
  /** Called right before each write. */
  readonly check: () => void
}

export interface Replacement {
  readonly name: string
  /** What it is for, and for whom: the same write again makes no second version. */
  readonly purpose: string
  readonly token: Token
  /** Wait until ten minutes have passed since the last write. */
  readonly paced: boolean
  /** Others may read this secret, and AWS may rotate it. */
  readonly shared: boolean
}

/**
 * Replaces the current value of a secret by what `make` makes of it, check-and-set: the new value is put with the label AWSPENDING,
 * then AWSCURRENT is moved to it from the version that was read; AWS lets AWSPREVIOUS follow. Where somebody else moved it, again from
 * the start. `make` gives `null` where nothing is to be written.
 *
 * @throws KeyturnError STORE_BUSY with the time from which it may be written again, or where others are always faster.
 */
export async function replace(how: Replacing, what: Replacement, make: (held: Held | null) => Promise<Sensitive<string> | null>): Promise<void> {
  const { secrets, clock, random, check } = how
  const { name, purpose, token } = what
  let salt = ''
  for (let tries = 0; tries < TRIES; tries++) {
    const held = await secrets.current(name)
    const text = await make(held)
    if (text === null) return
    // Asked only where its answer matters: a secret of others, or one without a value.
    const described = what.shared || held === null ? await secrets.describe(name) : null
    if (described && what.shared) refuseRotated(name, held, described)
    const id = requestToken(purpose, token, held?.versionId ?? null, salt)
    if (described === null && held === null) {
      check()
      if (await secrets.create({ name, requestToken: creationToken(purpose, token), text })) return
      continue
    }
    if (what.paced && held && !described?.versionIds.includes(id)) {
      const previous = await secrets.previous(name)
      const until = paceOf(held, previous, described, clock)
      if (until !== null && previous && text.with(previous.text, (one, other) => one === other).reveal()) {
        // Going back must not wait, and moving a label is no write that counts.
        check()
        if (await secrets.move(name, CURRENT, held.versionId, previous.versionId)) return
        if ((await secrets.current(name))?.versionId === previous.versionId) return
        continue
      }
      if (until !== null) throw tooSoon(name, until)
    }
    check()
    const put = await secrets.putPending({ name, requestToken: id, text })
    if (put === 'current') return
    if (put === 'taken') {
      // An earlier attempt was cut short, and what it would have written was not the same to the byte.
      salt = Buffer.from(random.bytes(8)).toString('hex')
      continue
    }
    check()
    const moved = await secrets.move(name, CURRENT, held?.versionId ?? null, id)
    if (moved) return
    const now = await secrets.current(name)
    // The answer to an earlier try was lost.
    if (now?.versionId === id) return
    // Else AWS would take it for a rotation that is going on. Whoever put another one has the label already.
    await secrets.move(name, PENDING, id, null)
    if (now?.versionId === held?.versionId) {
      throw new KeyturnError('STORE_UNAVAILABLE', `AWS Secrets Manager: UpdateSecretVersionStage of ${name}: refused, and nothing has moved`, {
        hint: 'See the request in CloudTrail, which says why.',
      })
    }
  }
  throw new KeyturnError('STORE_BUSY', `${name}: somebody else wrote it ${TRIES} times while it was written`)
}

function refuseRotated(name: string, held: Held | null, { rotated, labels }: Description): void {
  if (rotated) {
    throw new KeyturnError('UNSUPPORTED', `${name}: AWS itself rotates this secret`, {
      hint: `Leave it to AWS (rotator "none"), or turn that off: aws secretsmanager cancel-rotate-secret --secret-id ${name}`,
    })
  }
  const pending = labels.get(PENDING)
  if (pending !== undefined && pending !== held?.versionId && originOf(pending) === 'foreign') {
    throw new KeyturnError('STORE_BUSY', `${name}: another program is rotating it (AWSPENDING is on ${safe(pending)})`, {
      hint: `Wait for its end; if there is none: aws secretsmanager update-secret-version-stage --secret-id ${name} --version-stage AWSPENDING --remove-from-version-id ${safe(pending)}`,
    })
  }
}

/** How a version's id may look; anything else is not shown. */
const safe = (id: string): string => (/^[\w-]{1,64}$/.test(id) ? id : 'another version')

/** Until when a secret is not to be written again; `null`: it may be now. */
function paceOf(held: Held, previous: Held | null, described: Description | null, clock: Clock): Millis | null {
  const puts = [held, previous].flatMap((one) => (one && !isFirst(one, described) ? [one.createdAt] : []))
  const until = Math.max(...puts) + PACE_MS
  return clock.now() < until ? until : null
}

/** What a secret was made with was no PutSecretValue; of others only the times tell. */
function isFirst({ versionId, createdAt }: Held, described: Description | null): boolean {
  const origin = originOf(versionId)
  if (origin !== 'foreign') return origin === 'created'
  return described?.createdAt != null && Math.abs(createdAt - described.createdAt) < 1_000
}

function tooSoon(name: string, until: Millis): KeyturnError {
  return new KeyturnError(
    'STORE_BUSY',
    `${name}: was written less than ten minutes ago, and AWS advises against more (until ${new Date(until).toISOString()})`,
    {
      hint: 'Nothing: it is tried again then. "burst: true" of the store writes at once; a path for each secret avoids it.',
      retryAt: until,
    },
  )
}
