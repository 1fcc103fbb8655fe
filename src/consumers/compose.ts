import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import type { Consumer, ConsumerContext, Health, Sight } from '../ports.ts'
import { type Fingerprint, UNTAKEN } from '../terms.ts'
import { OTHER } from './challenge.ts'
import { healthOf, inspectContainers, isWanted, settled, worstOf } from './docker/containers.ts'
import { heldBy, isCurrent } from './docker/held.ts'
import { runDocker } from './docker/program.ts'
import { configOf, findService, listOf, type Service } from './docker/project.ts'
import { sightOf } from './docker/sights.ts'
import { asItStands } from './docker/standing.ts'
import { findTakes, type Takes } from './docker/takes.ts'
import { RESTART_KEEPS, recreate, start } from './docker/typed.ts'

const oneOrMore = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])

const params = z.strictObject({
  service: oneOrMore.describe('Service of the Compose project, or several. Each is recreated only if it takes something that changed.'),
  file: oneOrMore.optional().describe('Compose files, in order. Default: those that the containers were created from, else what Compose finds in the folder.'),
  directory: z.string().min(1).optional().describe("Folder of the project. Default: the inventory's."),
  project: z.string().min(1).optional().describe("Name of the project, where it is not the folder's or the file's own."),
  profile: oneOrMore.optional().describe('Profiles to be active; that of a service which is named here is active by itself.'),
  env_file: oneOrMore.optional().describe('What is given to Compose as --env-file. Default: the .env of the project.'),
  rereads: z
    .boolean()
    .default(false)
    .describe('The program reads a mounted file again by itself when it changes. Otherwise only what it found at its start counts.'),
  env: z.array(z.string()).optional().describe('Variables of ours that are kept from docker unless listed here, such as AWS_PROFILE.'),
})

type Params = z.infer<typeof params>
type Context = ConsumerContext<Params>

/** Consumer `compose`: services of a Compose project are recreated, and prove what their containers were created with. */
export const compose: Consumer<Params> = {
  kind: 'compose',
  params,
  describe: ({ service }) => `recreates ${listOf(service).join(', ')} if it takes what changed (docker compose up -d --no-deps --force-recreate); calls drop`,
  effect: () => 'recreate',
  proves: () => true,
  async ready(given) {
    const ctx = await asItStands(given)
    for (const name of listOf(ctx.params.service)) await look(ctx, name)
  },
  async refresh(given) {
    const ctx = await asItStands(given)
    for (const name of listOf(ctx.params.service)) await refreshService(ctx, name)
  },
  async prove(given) {
    const ctx = await asItStands(given)
    const vars: Record<string, Fingerprint | null> = Object.fromEntries(ctx.vars.map((name) => [name, UNTAKEN]))
    for (const name of listOf(ctx.params.service)) {
      const { service, takes } = await look(ctx, name)
      const held = await heldBy(ctx, await settled(ctx, service.ids), takes, ctx.params.rereads)
      // Several services: one that is behind counts.
      for (const [one, found] of held) if (vars[one] === UNTAKEN || isCurrent(ctx, new Map([[one, vars[one] ?? OTHER]]))) vars[one] = found
    }
    return { vars }
  },
  async look(given) {
    const ctx = await asItStands(given)
    const all = await Promise.all(listOf(ctx.params.service).map((name) => sightsOf(ctx, name)))
    return all.flat()
  },
  async health(ctx) {
    const all: Health[] = []
    for (const name of listOf(ctx.params.service)) {
      const { ids } = await findService(ctx, name)
      all.push(worstOf((await inspectContainers(ctx, ids)).map(healthOf), `service "${name}" has no container`))
    }
    return worstOf(all, 'no service is named')
  },
}

/** A service with its containers, and what it takes. Throws CONSUMER_FAILED for one without any container. */
async function look(ctx: Context, name: string): Promise<{ readonly service: Service; readonly takes: Takes }> {
  const service = await findService(ctx, name)
  if (service.ids.length > 0) return { service, takes: await findTakes(ctx, service) }
  const profiles = await profilesOf(ctx, service)
  const why = profiles.length === 0 ? '' : `: it belongs to ${profiles.length === 1 ? 'profile' : 'profiles'} ${profiles.join(', ')}, and was never started`
  throw new KeyturnError('CONSUMER_MISSING', `compose: service "${name}" has no container${why || ', so nothing shows what it holds'}`, {
    hint: `start it ("docker compose ${profiles.map((profile) => `--profile ${profile} `).join('')}up -d ${name}"), or take it out of the consumers`,
  })
}

const profilesOf = async (ctx: Context, service: Service): Promise<readonly string[]> => (await configOf(ctx, service)).services[service.name]?.profiles ?? []

async function sightsOf(ctx: Context, name: string): Promise<readonly Sight[]> {
  const who = `service ${name}`
  const service = await findService(ctx, name)
  if (service.ids.length === 0) {
    const profiles = await profilesOf(ctx, service)
    const idle = profiles.length === 0 ? 'never started' : `never started, of profile ${profiles.join(', ')}`
    return [{ who, part: 'container', since: null, vars: {}, idle, mend: start(ctx, service, profiles) }]
  }
  const [takes, containers] = await Promise.all([findTakes(ctx, service), inspectContainers(ctx, service.ids)])
  const wanted = containers.filter(isWanted).length
  const mend = wanted > 0 ? recreate(ctx, service, wanted) : start(ctx, service, [])
  const trap = takes.texts.length > 0 ? RESTART_KEEPS : undefined
  return Promise.all(containers.map((one) => sightOf(ctx, one, takes, { who, mend, rereads: ctx.params.rereads, ...(trap !== undefined && { trap }) })))
}

/**
 * Recreates a service whose containers hold something else than Compose would give them now. One that somebody stopped stays so: it is
 * created anew and not started. `docker compose restart` would not do, it keeps the environment.
 */
async function refreshService(ctx: Context, name: string): Promise<void> {
  const { service, takes } = await look(ctx, name)
  const containers = await inspectContainers(ctx, service.ids)
  if (isCurrent(ctx, await heldBy(ctx, containers, takes, ctx.params.rereads))) return
  const wanted = containers.filter(isWanted).length
  // As many as there are: somebody may have scaled it.
  const scale = `${name}=${wanted || containers.length}`
  const flags = [wanted > 0 ? '--detach' : '--no-start', '--no-deps', '--force-recreate', '--no-build', '--scale', scale]
  await runDocker(ctx, [...service.args, 'up', ...flags, name], { listed: ctx.params.env, cwd: service.directory })
}
