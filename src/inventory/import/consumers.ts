import { dirname, relative, resolve } from 'node:path'
import type { Json } from '../../terms.ts'
import { type ComposeProject, findComposeProject, otherComposeFiles } from './compose-project.ts'
import { type Readers, type ReadFile, readersOf } from './compose-readers.ts'
import type { ProposedOutput, ProposedSecret } from './propose.ts'

/** What reads the outputs, as the inventory shall say it. */
export interface ProposedConsumers {
  readonly outputs: readonly ProposedOutput[]
  /** What was found, and what a rotation will then do; what could not be found. Without a value. */
  readonly remarks: readonly string[]
}

interface Where {
  /** Absolute folder of the inventory. */
  readonly dir: string
  /** Absolute compose files of the command line. */
  readonly compose: readonly string[]
}

/**
 * Proposes the Compose services that read the outputs as their consumers: of the project in the folder of the inventory, of those beside the env
 * files, and of those given. Where a project's file set cannot be understood nothing is proposed for it, and a remark says so. Reads only.
 */
export async function proposeConsumers(
  outputs: readonly ProposedOutput[],
  secrets: readonly ProposedSecret[],
  { dir, compose }: Where,
): Promise<ProposedConsumers> {
  const remarks: string[] = []
  const consumers = new Map<ProposedOutput, Record<string, Json>[]>(outputs.map((output) => [output, []]))
  const folders = new Set([dir, ...outputs.map(({ file }) => dirname(resolve(dir, file))), ...compose.map(dirname)])
  for (const folder of folders) {
    const project = await findComposeProject(folder, compose)
    if (project === null) continue
    if ('unclear' in project) {
      remarks.push(`${where(dir, folder)}: ${project.unclear}, so which services read what is not known; ${MEND}`)
      continue
    }
    const others = await otherComposeFiles(folder, project)
    const doubtful = new Set<string>()
    for (const output of outputs) {
      const file = readFile(dir, output, secrets, project)
      const found = readersOf(project.files, project, file)
      for (const [service, why] of found.unclear)
        doubtful.add(`service ${service} of ${project.names.join(', ')}: ${why}, so it is not proposed; name it as a consumer if it reads an env file`)
      consumers.get(output)?.push(...found.services.map((service) => consumerOf(dir, folder, project, service)))
      remarks.push(...remarksOn(output, project, found))
      for (const one of others) {
        const more = readersOf([one], project, file).services.filter((service) => !found.services.includes(service))
        if (more.length > 0) remarks.push(`${one.name} is no part of what Compose takes by itself; where you use it, add as consumers: ${more.join(', ')}`)
      }
    }
    remarks.push(...doubtful)
  }
  return {
    outputs: outputs.map((output) => {
      const found = consumers.get(output) ?? []
      return found.length === 0 ? output : { ...output, consumers: found }
    }),
    remarks,
  }
}

const MEND = 'name them as consumers'

function readFile(dir: string, output: ProposedOutput, secrets: readonly ProposedSecret[], project: ComposeProject): ReadFile {
  const held = secrets.filter(({ name }) => output.only === null || output.only.includes(name))
  const target = resolve(dir, output.file)
  return {
    target,
    vars: new Set([...held.flatMap(({ env }) => Object.keys(env)), ...Object.keys(output.vars)]),
    interpolated: target === resolve(project.folder, '.env'),
  }
}

/** Folder and files are left out where the consumer finds them by itself. */
function consumerOf(dir: string, folder: string, project: ComposeProject, service: string): Record<string, Json> {
  const directory = relative(dir, folder)
  const [first, ...more] = project.names
  return {
    kind: 'compose',
    service,
    ...(directory !== '' && { directory }),
    ...(project.named && first !== undefined && { file: more.length === 0 ? first : [first, ...more] }),
  }
}

function remarksOn(output: ProposedOutput, project: ComposeProject, { services, inactive }: Readers): readonly string[] {
  if (services.length === 0) return []
  const what = services.length === 1 ? 'it where it takes' : 'those that take'
  return [
    `${output.file} is read by ${listed(services)} (${project.names.join(', ')}): a rotation recreates ${what} what changed, and calls drop; nothing is revoked before ${services.length === 1 ? 'it has' : 'all have'} proved the new value`,
    ...inactive.map(
      ({ service, profiles }) =>
        `service ${service} belongs to profile ${profiles.join(', ')}: if you never start it, take it out of the consumers, else it is waited for`,
    ),
  ]
}

/** `a, b and c` */
const listed = (names: readonly string[]): string => [names.slice(0, -1).join(', '), names.at(-1) ?? ''].filter(Boolean).join(' and ')

const where = (dir: string, folder: string): string => (relative(dir, folder) === '' ? 'Compose project' : `Compose project in ${relative(dir, folder)}`)
