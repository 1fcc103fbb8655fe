import { expect, it } from 'vitest'
import { enumerate, type Variant } from './enumerate.ts'
import { SCENARIOS } from './scenario.ts'
import { thinned } from './thinned.ts'
import type { World } from './world.ts'

const { overlap, noOverlap, oneOutput, turns, twoHosts } = SCENARIOS

/** Every program tells its health. It is ill on whatever it did not hold at the beginning, or all the time. */
const watched = (ill: 'on the new' | 'always' | 'never') => (world: World) => {
  for (const running of world.runnings.values()) {
    const known = new Set(Object.values(running.env))
    running.tells = true
    running.ill = (env) => ill === 'always' || (ill === 'on the new' && Object.values(env).some((value) => !known.has(value)))
  }
}

/** What was current before is so again and what was made is dead; what runs is healthy. */
const wentBack = (world: World): void => {
  for (const { id } of world.scenario.secrets) {
    const state = world.state(id)
    if (state?.last === null) continue // killed before it was opened
    if (state?.last?.outcome !== 'back' || !state.last.unhealthy) world.bad.push(`${id}: it did not go back: ${JSON.stringify(state?.last)}`)
    if (state?.current?.n !== 1) world.bad.push(`${id}: version ${state?.current?.n} is current`)
  }
  for (const { name, env, ill } of world.runnings.values()) if (ill?.(env)) world.bad.push(`${name}: is ill at the end`)
}

const rotated = (world: World): void => {
  for (const { id } of world.scenario.secrets) {
    const { last = null } = world.state(id) ?? {}
    if (last !== null && last.outcome !== 'rotated') world.bad.push(`${id}: it went back: ${last.note}`)
  }
}

it.each([overlap, noOverlap, turns, oneOutput, twoHosts])('$name: consumers fall ill on the new value; killed at any point, it goes back', async (scenario) => {
  const variant: Variant = { prepare: watched('on the new'), after: wentBack, every: thinned(12) }
  const { points, bad } = await enumerate(scenario, 'crash', variant)
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(10)
})

it.each([overlap, noOverlap])('$name: consumers fall ill on the new value, and any call fails', async (scenario) => {
  const variant: Variant = { prepare: watched('on the new'), after: wentBack, every: thinned(6) }
  expect((await enumerate(scenario, 'lost call', variant)).bad).toEqual([])
})

it.each([overlap, noOverlap])('$name: consumers fall ill on the new value, and a worker sleeps past its lease', async (scenario) => {
  const variant: Variant = { prepare: watched('on the new'), after: wentBack, every: thinned(5) }
  expect((await enumerate(scenario, 'stall', variant)).bad).toEqual([])
})

it.each(['always', 'never'] as const)('consumers that are ill %s are no reason to go back, killed at any point', async (ill) => {
  const variant: Variant = { prepare: watched(ill), after: rotated, every: thinned(4) }
  expect((await enumerate(overlap, 'crash', variant)).bad).toEqual([])
})
