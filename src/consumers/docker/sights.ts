import type { ConsumerContext, Sight } from '../../ports.ts'
import type { Fingerprint } from '../../terms.ts'
import { OTHER } from '../challenge.ts'
import { type Container, isWanted } from './containers.ts'
import { heldBy } from './held.ts'
import type { Takes } from './takes.ts'

/** What is said of each container in the same way. */
export interface SightWords {
  readonly who: string
  readonly mend: string
  readonly trap?: string
  /** The program reads a mounted file again by itself. */
  readonly rereads: boolean
}

/**
 * What one container holds of the output. What it was created with goes before what stands in a mounted file: a project's folder is
 * often mounted as a whole, and nobody knows whether the program reads the file there.
 */
export async function sightOf(ctx: ConsumerContext<unknown>, container: Container, takes: Takes, words: SightWords): Promise<Sight> {
  const { who, mend, trap, rereads } = words
  const created = await heldBy(ctx, [container], { texts: takes.texts, mounts: [] }, rereads)
  const mounted = await heldBy(ctx, [container], { texts: [], mounts: takes.mounts }, rereads)
  const vars: Record<string, Fingerprint | null> = Object.fromEntries(created)
  const unsure: string[] = []
  for (const [name, found] of mounted) {
    if (created.has(name)) continue
    if (found === OTHER) unsure.push(name)
    else vars[name] = found
  }
  return {
    who,
    part: 'container',
    since: container.createdAt,
    vars,
    ...(unsure.length > 0 && { unsure: { names: unsure, why: `${container.name} was started before ${ctx.target} was written last` } }),
    ...(!isWanted(container) && { idle: container.status }),
    mend,
    ...(trap !== undefined && { trap }),
  }
}
