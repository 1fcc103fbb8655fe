import { dirname, relative, resolve } from 'node:path'
import type { ConsumerSpec, Inventory, Output } from '../../terms.ts'
import { type ComposeProject, findComposeProject, otherComposeFiles } from './compose-project.ts'
import { readersOf } from './compose-readers.ts'

/** A service that a compose file lets read an output, and that no consumer of the output names. */
export interface UndeclaredService {
  readonly output: Output
  /** A consumer as it would be if it were declared, so that it can be asked. */
  readonly spec: ConsumerSpec
  /** As people call it: `service worker`. */
  readonly who: string
  /** As it would stand below `consumers:` in the inventory. */
  readonly line: string
}

export interface Undeclared {
  readonly services: readonly UndeclaredService[]
  /** Where it cannot be told, and why. Without a value. */
  readonly remarks: readonly string[]
}

/** An answer takes seconds; whoever asks says how long it waits. */
const TIMEOUT_MS = 60_000

/**
 * Finds the Compose services beside the inventory and beside the outputs of a host that read one of these and are not declared: by the
 * compose files alone, so also where there is no engine. Reads only.
 */
export async function findUndeclared(inventory: Inventory, host: string): Promise<Undeclared> {
  const outputs = inventory.outputs.filter((output) => output.host === host)
  const services: UndeclaredService[] = []
  const remarks: string[] = []
  for (const folder of new Set([inventory.dir, ...outputs.map(({ target }) => dirname(target))])) {
    const project = await findComposeProject(folder, [])
    if (project === null) continue
    const directory = relative(inventory.dir, folder)
    if ('unclear' in project) {
      // Where somebody declared services the project is known well enough.
      if (!outputs.some(({ consumers }) => consumers.some(({ kind }) => kind === 'compose')))
        remarks.push(`which services of the Compose project ${directory === '' ? 'here' : `in ${directory}`} read what is not known: ${project.unclear}`)
      continue
    }
    // What somebody starts with "-f" as well has containers that tell.
    const files = [...project.files, ...(await otherComposeFiles(folder, project))]
    for (const output of outputs) {
      const found = readersOf(files, project, { target: output.target, vars: varsOf(inventory, output), interpolated: isInterpolated(output, project) })
      for (const service of found.services) {
        if (output.consumers.some((consumer) => names(consumer, service))) continue
        const params = { service, ...(directory !== '' && { directory }) }
        const spec = { key: `service ${service}`, kind: 'compose', params, unproven: output.unproven, timeoutMs: TIMEOUT_MS } as const
        services.push({ output, spec, who: `service ${service}`, line: lineOf({ kind: 'compose', ...params }) })
      }
    }
  }
  return { services, remarks }
}

function varsOf(inventory: Inventory, { only, vars }: Output): ReadonlySet<string> {
  const held = inventory.secrets.filter(({ name }) => only === null || only.includes(name))
  return new Set([...held.flatMap(({ env }) => Object.keys(env)), ...Object.keys(vars)])
}

const isInterpolated = ({ target }: Output, { folder }: ComposeProject): boolean => target === resolve(folder, '.env')

/** A service of its list, or a word of a command, as in `docker compose up -d worker` of a consumer `exec`. */
function names({ kind, params }: ConsumerSpec, service: string): boolean {
  if (kind === 'compose') return [params.service].flat().includes(service)
  return JSON.stringify(params)
    .split(/[^\w.-]+/)
    .some((word) => word === service || word.includes(`-${service}-`))
}

const lineOf = (params: Readonly<Record<string, string>>): string =>
  `{ ${Object.entries(params)
    .map(
      ([name, value]) =>
        `${name}: ${/^[A-Za-z][\w./-]*$/.test(value) && !/^(?:y|n|yes|no|true|false|on|off|null)$/i.test(value) ? value : JSON.stringify(value)}`,
    )
    .join(', ')} }`
