import { expect, it } from 'vitest'
import { enumerate } from './enumerate.ts'
import { SCENARIOS } from './scenario.ts'

const scenarios = Object.values(SCENARIOS)

it.each(scenarios)('$name: killed at any point, another worker brings it to a good end', async (scenario) => {
  const { points, bad } = await enumerate(scenario, 'crash')
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(30)
})

it.each(scenarios)('$name: any call fails or its answer is lost, and it ends well', async (scenario) => {
  const { points, bad } = await enumerate(scenario, 'lost call')
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(20)
})

it.each(scenarios)('$name: stalled at any point past its lease while others finish this rotation and the next', async (scenario) => {
  const { points, bad } = await enumerate(scenario, 'stall')
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(30)
})
