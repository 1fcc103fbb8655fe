import { expect, it } from 'vitest'
import { enumerate, type Variant } from './enumerate.ts'
import { SCENARIOS } from './scenario.ts'
import { thinned } from './thinned.ts'
import type { World } from './world.ts'

const { overlap, noOverlap, turns } = SCENARIOS
const kinds = [overlap, noOverlap, turns]

interface Faults {
  refuses: boolean
  lies: number
  lagMs: number
  limit: number
}

const everywhere = (faults: Partial<Faults>) => (world: World) => {
  for (const account of world.accounts.values()) Object.assign(account, faults)
}

/** It went back: the old value is current, and nothing of the new one is left. */
const wentBack = (world: World): void => {
  for (const { id } of world.scenario.secrets) {
    const state = world.state(id)
    if (state?.last === null) continue // killed before it was opened
    if (state?.last?.outcome !== 'back') world.bad.push(`${id}: it did not go back`)
    if (state?.count !== 1) world.bad.push(`${id}: another version became current`)
  }
}

it.each(kinds)('$name: refused for good and killed at any point, it goes back and what was made is dead', async (scenario) => {
  const variant: Variant = { prepare: everywhere({ refuses: true }), after: wentBack, every: thinned(2) }
  const { points, bad } = await enumerate(scenario, 'crash', variant)
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(20)
})

it.each(kinds)('$name: refused for good, and any call on the way fails', async (scenario) => {
  const variant: Variant = { prepare: everywhere({ refuses: true }), after: wentBack, every: thinned(3) }
  expect((await enumerate(scenario, 'lost call', variant)).bad).toEqual([])
})

it.each([noOverlap, turns])('$name: a set that says it is done and does nothing, once, is done again', async (scenario) => {
  expect((await enumerate(scenario, 'crash', { prepare: everywhere({ lies: 1 }), every: thinned(4) })).bad).toEqual([])
})

it.each([noOverlap, turns])('$name: a set that never does what it says is given up, and it goes back', async (scenario) => {
  const variant: Variant = { prepare: everywhere({ lies: Number.POSITIVE_INFINITY }), after: wentBack, every: thinned(6) }
  expect((await enumerate(scenario, 'crash', variant)).bad).toEqual([])
})

it('removes what a crash left at a provider whose list shows it hours later', async () => {
  const { points, bad } = await enumerate(overlap, 'crash', { prepare: everywhere({ lagMs: 2 * 3_600_000, limit: 10 }) })
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(60)
})
