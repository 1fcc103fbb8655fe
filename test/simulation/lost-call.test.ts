import { expect, it } from 'vitest'
import { enumerate } from './enumerate.ts'
import { SCENARIOS } from './scenario.ts'
import { thinned } from './thinned.ts'

it.each(Object.values(SCENARIOS))('$name: whichever call fails or loses its answer, it ends well', async (scenario) => {
  const { points, bad } = await enumerate(scenario, 'lost call', { every: thinned(2) })
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(20)
})
