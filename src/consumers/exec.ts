import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import * as z from 'zod'
import { KeyturnError } from '../errors.ts'
import type { Consumer, ConsumerContext } from '../ports.ts'
import { scrubbedTail } from '../scrub.ts'
import { judgeAnswer, makeChallenge } from './challenge.ts'
import { heldIn } from './environ.ts'
import { childEnv } from './environment.ts'
import { nameOf, type Ran, runProgram } from './program.ts'

const command = z
  .union([
    z.string().min(1),
    z
      .array(z.string())
      .min(1)
      .refine((argv) => argv[0] !== '', 'the program has no name'),
  ])
  .describe('A list is a program with its arguments, started without a shell. A text is run by sh -c.')

const params = z.strictObject({
  refresh: command.describe('Makes the consumer read its file again. Status 0 means that it did.'),
  prove: z
    .strictObject({
      command,
      format: z.enum(['environ', 'hmac']).describe('environ: prints the environment of the running process. hmac: answers a challenge, see docs/consumers.md.'),
    })
    .optional()
    .describe('Shows which values the running process holds. Without it nothing is proved.'),
  health: command.optional().describe('Asked before a new value and for the probation after it. Status 0 means healthy, 75 not up yet, any other unhealthy.'),
  env: z.array(z.string()).optional().describe('Variables of ours that are kept from programs unless listed here, such as AWS_PROFILE.'),
})

type Params = z.infer<typeof params>

/** Consumer `exec`: programs of the user refresh and prove. The contract is in docs/consumers.md. */
export const exec: Consumer<Params> = {
  kind: 'exec',
  params,
  describe: ({ refresh }) => `runs ${typeof refresh === 'string' ? nameOf(refresh) : refresh.join(' ')}`,
  effect: () => 'command',
  proves: ({ prove }) => prove !== undefined,
  async ready(ctx) {
    const { refresh, prove, health } = ctx.params
    for (const line of [refresh, prove?.command, health]) if (line !== undefined) requireProgram(ctx, line)
  },
  async refresh(ctx) {
    await run(ctx, ctx.params.refresh)
  },
  async prove(ctx) {
    const { prove } = ctx.params
    if (!prove) return { vars: {} }
    if (prove.format === 'environ') return heldIn(ctx, (await run(ctx, prove.command)).stdout)
    const challenge = makeChallenge(ctx)
    const { stdout } = await run(ctx, prove.command, JSON.stringify(challenge))
    return judgeAnswer(ctx, challenge, parseJson(stdout, nameOf(prove.command)), nameOf(prove.command))
  },
  tells: ({ health }) => health !== undefined,
  async health(ctx) {
    const { health } = ctx.params
    if (health === undefined) return { state: 'unknown', why: 'it has no health to ask' }
    const ran = await runProgram(ctx, health, { listed: ctx.params.env ?? [] })
    if (ran.status === 0) return { state: 'healthy', why: '' }
    return { state: ran.status === TEMPORARY ? 'starting' : 'unhealthy', why: await howItEnded(ctx, health, ran) }
  },
}

/** A text is the shell's own business. A name is looked for as the system would, and a path starts at the inventory's folder. */
function requireProgram({ dir, env, vars, params }: ConsumerContext<Params>, line: string | readonly string[]): void {
  if (typeof line === 'string') return
  const [name = ''] = line
  const places = (childEnv(env, vars, params.env ?? []).PATH ?? '').split(delimiter).filter(Boolean)
  const files = name.includes('/') ? [resolve(dir, name)] : places.map((place) => resolve(dir, place, name))
  if (files.some(isProgram)) return
  throw new KeyturnError('CONSUMER_FAILED', `${name}: there is no such program${name.includes('/') ? '' : ' in PATH'}`, {
    hint: 'install it, or correct the command',
  })
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

async function run(ctx: ConsumerContext<Params>, line: string | readonly string[], stdin?: string): Promise<Ran> {
  const ran = await runProgram(ctx, line, { listed: ctx.params.env ?? [], ...(stdin !== undefined && { stdin }) })
  if (ran.status === 0) return ran
  throw new KeyturnError('CONSUMER_FAILED', await howItEnded(ctx, line, ran))
}

/** `EX_TEMPFAIL` of sysexits.h: try again later. */
const TEMPORARY = 75

async function howItEnded(ctx: ConsumerContext<Params>, line: string | readonly string[], ran: Ran): Promise<string> {
  const said = scrubbedTail(ran.stderr, [...Object.values(ctx.expected), ...((await ctx.concealed?.()) ?? [])])
  const how = ran.status === null ? 'was killed by a signal' : `ended with status ${ran.status}`
  return `${nameOf(line)} ${how}${said === '' ? '' : `: ${said}`}`
}

function parseJson(text: Buffer, name: string): unknown {
  try {
    return JSON.parse(text.toString())
  } catch {
    throw new KeyturnError('CONSUMER_FAILED', `${name}: its answer is no JSON`)
  }
}
