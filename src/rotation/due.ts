import { isOpen, nextOpening } from '../inventory/window.ts'
import { dueAt } from '../policy/schedule.ts'
import type { Inventory, Millis, Secret, SecretState } from '../terms.ts'
import { leftOpen } from './left.ts'

export interface Agenda {
  /** Open rotations: finished first, whatever the window, also of what left the inventory since. */
  readonly open: readonly Secret[]
  /** Due, and the window is open. */
  readonly due: readonly Secret[]
  /** Due, but the window is closed until then. */
  readonly waiting: readonly Secret[]
  readonly opensAt: Millis | null
}

/**
 * What a sweep would do now. Pure. A secret is due when its overlap has to begin for it to be dead before `max_age`, or when
 * nobody knows its age; `rotator: none` never is, nor what made a consumer ill: a person names it.
 */
export function agendaOf(inventory: Inventory, states: ReadonlyMap<string, SecretState>, now: Millis): Agenda {
  const { window, zone } = inventory.schedule
  const open = [...inventory.secrets.filter((s) => states.get(s.id)?.rotation), ...leftOpen(inventory, states)]
  const due = inventory.secrets.filter((s) => {
    const state = states.get(s.id)
    if (s.rotator.kind === 'none' || !state?.current || state.rotation || state.removed) return false
    // What made its consumers ill once would do so again, every time the timer runs.
    if (state.last?.unhealthy) return false
    const at = dueAt(state, s.policy)
    return at === null || at <= now
  })
  const isNow = isOpen(window, zone, now)
  return { open, due: isNow ? due : [], waiting: isNow ? [] : due, opensAt: isNow ? null : nextOpening(window, zone, now) }
}
