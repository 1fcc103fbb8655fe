import { expect, it } from 'vitest'
import { enumerate } from './enumerate.ts'
import { SCENARIOS } from './scenario.ts'

it.each(Object.values(SCENARIOS))('$name: killed at any point, another worker brings it to a good end', async (scenario) => {
  const { points, bad } = await enumerate(scenario, 'crash')
  expect(bad).toEqual([])
  expect(points).toBeGreaterThan(60)
})
