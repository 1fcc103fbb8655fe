import { expect, it } from 'vitest'
import { enumerate } from './enumerate.ts'
import { SCENARIOS } from './scenario.ts'
import { thinned } from './thinned.ts'

const { overlap, noOverlap, turns, ...others } = SCENARIOS

it.each([overlap, noOverlap, turns])(
  '$name: stalled at any point past its lease, it wakes after others finished this rotation and the next',
  async (scenario) => {
    const { points, bad } = await enumerate(scenario, 'stall')
    expect(bad).toEqual([])
    expect(points).toBeGreaterThan(60)
  },
)

it.each(Object.values(others))('$name: stalled past its lease, it wakes after others finished this rotation and the next', async (scenario) => {
  const { points, bad } = await enumerate(scenario, 'stall', { every: thinned(4) })
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(15)
})
