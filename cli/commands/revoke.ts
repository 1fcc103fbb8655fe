import { KeyturnError } from '../../src/errors.ts'
import { approve, hasten, previousOf } from '../../src/rotation/decide.ts'
import { endCredential, isRefused, requireRevocable } from '../../src/rotation/end.ts'
import type { Engine } from '../../src/rotation/engine.ts'
import { openOrDeclared } from '../../src/rotation/left.ts'
import { next } from '../../src/rotation/next.ts'
import { stateOf } from '../../src/rotation/open.ts'
import { surroundingsOf } from '../../src/rotation/surroundings.ts'
import type { Secret, SecretState, VersionState } from '../../src/terms.ts'
import type { CommandContext, Run } from '../context.ts'
import type { Options } from '../declare.ts'
import { follow } from '../follow.ts'
import { numberOption, textOption } from '../options.ts'

/** Ends a credential without replacing it, or proves that it is dead already. */
export const run: Run = async (context, [name = ''], options) => {
  const engine = await (await context.app()).engine()
  const secret = await openOrDeclared(engine, name)
  const state = await stateOf(engine, secret)
  if (!state?.current) throw new KeyturnError('VALUE_MISSING', `${secret.name} has no value in the store yet`, { hint: `secrets set ${secret.name}` })
  const version = chosen(state, secret, options)
  if (options.verify === true) return verify(context, engine, secret, state, version)
  const isCurrent = version.token === state.current.token
  const isRetiring = !isCurrent && state.rotation?.retiring?.token === version.token
  // Said before anybody is asked.
  if (!isRetiring) requireRevocable(engine, secret)
  const reason = textOption(options, 'reason') ?? 'secrets revoke'
  await confirm(context, secret, version, isCurrent)
  if (isRetiring) {
    const { rotation } = await hasten(engine, secret, 0, reason)
    return follow(context, engine, secret, rotation?.id ?? null, 'revoke')
  }
  await endCredential(engine, secret, version, reason)
  say(context, secret, version, 'revoked, and refused by the provider')
  return 0
}

function chosen(state: SecretState, secret: Secret, options: Options): VersionState {
  const n = numberOption(options, 'version')
  const all = [...(state.current ? [state.current] : []), ...state.former]
  if (n !== undefined) {
    const found = all.find((v) => v.n === n)
    if (found) return found
    throw new KeyturnError('NAME_UNKNOWN', `${secret.name} has no version ${n}`, { hint: `it has: ${all.map((v) => v.n).join(', ')}` })
  }
  // After a leak it is the old one whose death is in question.
  if (options.previous !== true && options.verify !== true) return state.current as VersionState
  const retiring = state.rotation?.retiring
  const previous = retiring ? all.find((v) => v.token === retiring.token) : previousOf(state)
  if (!previous) throw new KeyturnError('NOTHING_OPEN', `${secret.name}: there is no earlier version`)
  return previous
}

async function confirm(context: CommandContext, secret: Secret, version: VersionState, isCurrent: boolean): Promise<void> {
  if (isCurrent) {
    context.out.warn(`${secret.name}: version ${version.n} is the current one: everything that uses it will be refused, and nothing takes its place`)
    if (!context.options.yes) await context.prompts.typed(`Type ${secret.name} to revoke it: `, (answer) => answer === secret.name, '--yes')
    return
  }
  if (context.prompts.possible) await context.prompts.agreed(`Revoke version ${version.n} of ${secret.name} now, proved or not?`)
}

/** The provider is asked; what it refuses is recorded as dead, and a rotation that waited for it is closed. */
async function verify(context: CommandContext, engine: Engine, secret: Secret, state: SecretState, version: VersionState): Promise<number> {
  if (engine.rotators.get(secret.rotator.kind)?.guide) {
    throw new KeyturnError('UNSUPPORTED', `${secret.name}: nothing here can ask its provider whether the old value is dead`, {
      hint: `once you have seen it: secrets approve ${secret.name} --reason "deleted at the provider"`,
    })
  }
  if (!(await isRefused(engine, secret, version))) {
    throw new KeyturnError('OLD_STILL_ACCEPTED', `${secret.name}: version ${version.n} is still accepted by the provider`, {
      hint: `secrets revoke ${secret.name} --version ${version.n}`,
    })
  }
  const { rotation } = state
  if (rotation?.retiring?.token === version.token && rotation.promote) {
    const reason = `version ${version.n} was refused by the provider`
    // What waits for exactly this is closed; anything else that it still waited for has lost its meaning.
    if (await waitsForDeath(engine, state)) await approve(engine, secret, reason, state.seq)
    else await hasten(engine, secret, 0, reason)
    return follow(context, engine, secret, rotation.id, 'revoke')
  }
  say(context, secret, version, 'refused by the provider')
  return 0
}

async function waitsForDeath(engine: Engine, state: SecretState): Promise<boolean> {
  const n = next(state, await surroundingsOf(engine, state))
  return n.kind === 'attention' && n.step === 'revoke'
}

function say(context: CommandContext, secret: Secret, version: VersionState, what: string): void {
  if (context.options.json) context.out.document({ schema: 'keyturn/revoke@1', name: secret.name, version: version.n, message: what })
  else context.out.say(`${secret.name}: version ${version.n} is ${what}`)
}
