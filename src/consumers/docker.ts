import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import type { Consumer, ConsumerContext } from '../ports.ts'
import { scrubbedTail } from '../scrub.ts'
import { UNTAKEN } from '../terms.ts'
import { type Container, healthOf, inspectContainers, isRunning, settled } from './docker/containers.ts'
import { heldBy, isCurrent } from './docker/held.ts'
import { seenThrough } from './docker/inside.ts'
import { runDocker } from './docker/program.ts'
import { sightOf } from './docker/sights.ts'
import { asItStands } from './docker/standing.ts'
import type { Takes } from './docker/takes.ts'
import { nameOf, runProgram } from './program.ts'

const params = z
  .strictObject({
    container: z.string().min(1).describe('Name of the container.'),
    run: z
      .union([z.string().min(1), z.array(z.string()).min(1)])
      .optional()
      .describe('Makes the container anew. A list is a program with its arguments, a text is run by sh -c.'),
    restart: z.boolean().default(false).describe('The output is a mounted file that is read at the start: docker restart.'),
    rereads: z.boolean().default(false).describe('The output is a mounted file, and the program reads it again by itself when it changes.'),
    vars: z.array(z.string()).optional().describe('Variables of the output that the container takes. Default: all.'),
    env: z.array(z.string()).optional().describe('Variables of ours that are kept from programs unless listed here.'),
  })
  .refine(({ run, restart, rereads }) => [run !== undefined, restart, rereads].filter(Boolean).length <= 1, 'takes one of run, restart and rereads')

type Params = z.infer<typeof params>
type Context = ConsumerContext<Params>

/** Consumer `docker`: a container that was started by hand proves what it was created with, and what its mounted files hold. */
export const docker: Consumer<Params> = {
  kind: 'docker',
  params,
  describe({ container, run, restart, rereads }) {
    if (run !== undefined) return `runs ${typeof run === 'string' ? nameOf(run) : run.join(' ')} to make container ${container} anew; calls drop`
    if (restart) return `restarts container ${container}; calls drop`
    return rereads ? `leaves it to container ${container} to read the file again` : `cannot change container ${container}: you have to make it anew`
  },
  effect: ({ run, restart }) => (run !== undefined ? 'recreate' : restart ? 'restart' : 'nothing'),
  proves: () => true,
  async ready(given) {
    const ctx = await asItStands(given)
    if (!(await find(ctx))) throw missing(ctx)
  },
  async refresh(given) {
    const ctx = await asItStands(given)
    const before = await find(ctx)
    if (before && isCurrent(ctx, await held(ctx, before))) return
    const { container, run, restart, rereads } = ctx.params
    if (run !== undefined) await make(ctx, run)
    else if (!before) throw missing(ctx)
    else if (restart && takesOf(ctx, before).mounts.length > 0) {
      if (isRunning(before)) await runDocker(ctx, ['restart', before.id], { listed: ctx.params.env })
    } else throw rereads ? pinned(ctx) : fixed(container, restart)
  },
  async prove(given) {
    const ctx = await asItStands(given)
    const found = await find(ctx)
    if (!found) throw missing(ctx)
    const [container = found] = await settled(ctx, [found.id])
    const proved = await held(ctx, container)
    return { vars: Object.fromEntries(ctx.vars.map((name) => [name, proved.has(name) ? (proved.get(name) ?? null) : UNTAKEN])) }
  },
  async look(given) {
    const ctx = await asItStands(given)
    const who = `container ${ctx.params.container}`
    const found = await find(ctx)
    if (!found) return [{ who, part: 'container', since: null, vars: {}, idle: 'not there', mend: 'start it, or take it out of the consumers' }]
    const takes = takesOf(ctx, found)
    const sight = await sightOf(ctx, found, takes, { who, mend: mendOf(ctx.params, takes), rereads: ctx.params.rereads })
    const { vars } = ctx.params
    const trap = takes.texts.length > 0 ? { trap: 'docker restart keeps the environment that a container was created with' } : {}
    return [{ ...sight, ...trap, vars: Object.fromEntries(Object.entries(sight.vars).filter(([name]) => vars === undefined || vars.includes(name))) }]
  },
  async health(ctx) {
    const found = await find(ctx)
    return found ? healthOf(found) : { state: 'unknown', why: `there is no container ${ctx.params.container}` }
  },
}

async function find(ctx: Context): Promise<Container | null> {
  // Asked for by its whole name: "inspect" also takes the beginning of an id.
  const filter = `name=^/?${ctx.params.container.replaceAll('.', '\\.')}$`
  const ids = await runDocker(ctx, ['ps', '--all', '--no-trunc', '--quiet', '--filter', filter], { listed: ctx.params.env })
  const [found] = await inspectContainers(ctx, ids.toString().split('\n').filter(Boolean).slice(0, 1))
  return found ?? null
}

/** A container that mounts the output takes it from there; another one got it with `--env-file` or `-e`. */
function takesOf(ctx: Context, container: Container): Takes {
  if (seenThrough(ctx, container.mounts).length > 0) return { texts: [], mounts: container.mounts }
  const names = ctx.params.vars ?? ctx.vars
  return { texts: names.filter((name) => ctx.vars.includes(name)).map((name) => ({ place: { in: 'environment', name }, template: [{ name }] })), mounts: [] }
}

function mendOf({ container, run }: Params, takes: Takes): string {
  if (run !== undefined) return `run ${typeof run === 'string' ? run : run.join(' ')}`
  if (takes.mounts.length > 0) return `run docker restart ${container}`
  return `make container ${container} anew (docker rm --force ${container}, then docker run as before)`
}

async function held(ctx: Context, container: Container) {
  const all = await heldBy(ctx, [container], takesOf(ctx, container), ctx.params.rereads)
  const { vars } = ctx.params
  return vars === undefined ? all : new Map([...all].filter(([name]) => vars.includes(name)))
}

async function make(ctx: Context, line: string | readonly string[]): Promise<void> {
  const ran = await runProgram(ctx, line, { listed: ctx.params.env ?? [] })
  if (ran.status === 0) return
  const said = scrubbedTail(ran.stderr, [...Object.values(ctx.expected), ...((await ctx.concealed?.()) ?? [])])
  const how = ran.status === null ? 'was killed by a signal' : `ended with status ${ran.status}`
  throw new KeyturnError('CONSUMER_FAILED', `${nameOf(line)} ${how}${said === '' ? '' : `: ${said}`}`)
}

const missing = ({ params: { container } }: Context): KeyturnError =>
  new KeyturnError('CONSUMER_MISSING', `docker: there is no container "${container}", so nothing shows what it holds`, {
    hint: 'start it, or take it out of the consumers',
  })

function fixed(container: string, restart: boolean): KeyturnError {
  const why = restart ? ', and it mounts no file of this output: a restart does not change them' : ''
  return new KeyturnError('CONSUMER_FAILED', `docker: container "${container}" keeps the variables it was created with${why}`, {
    hint: 'give the command that makes it anew ("run: [...]"); with a mounted file "restart: true" will do',
  })
}

const pinned = ({ target, params: { container } }: Context): KeyturnError =>
  new KeyturnError('CONSUMER_FAILED', `docker: container "${container}" does not see what ${target} holds now`, {
    hint: 'a file that is mounted by itself stays the old one when it is replaced: mount its folder, or restart the container once',
  })
