import type { Consumer } from '../ports.ts'
import { compose } from './compose.ts'
import { docker } from './docker.ts'
import { exec } from './exec.ts'
import { http } from './http.ts'
import { process } from './process.ts'
import { systemd } from './systemd.ts'

/**
 * Every kind of consumer there is, by the name that stands in the inventory. The engine passes what `params` parsed and
 * nothing else, so the type of the params is forgotten here.
 */
export const CONSUMERS: ReadonlyMap<string, Consumer> = new Map(
  [compose as Consumer, docker as Consumer, exec as Consumer, http as Consumer, process as Consumer, systemd as Consumer].map((consumer) => [
    consumer.kind,
    consumer,
  ]),
)
