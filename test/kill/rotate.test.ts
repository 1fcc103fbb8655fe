import { afterAll, describe, test } from 'vitest'
import { isLongRun } from '../support/runs.ts'
import { firstPassings, type Point, pointsOf } from './points.ts'
import { killAndRecover } from './recovery.ts'
import { makeWorld, SECRETS, type SecretName } from './world.ts'

/** Every kind of secret is rotated by the real program, which is killed at every point there is. */

const world = await makeWorld()
afterAll(() => world[Symbol.asyncDispose]())

const rotate = (name: SecretName) => ['rotate', name, '--wait', '30s']
const points: Readonly<Record<SecretName, readonly Point[]>> = {
  api: await pointsOf(world, rotate('api')),
  db: await pointsOf(world, rotate('db')),
  session: await pointsOf(world, rotate('session')),
}

if (isLongRun('kill')) {
  for (const name of SECRETS) {
    describe(`rotate ${name}`, () => {
      test.each(points[name])('killed at %s, it ends well when it is run again', (point) =>
        killAndRecover(world, { args: rotate(name), names: [name], more: rotate(name) }, [point]),
      )
    })
  }
} else {
  // Each name once, two in each case: the earlier one in the first run, the later one in the run that recovers.
  const all = firstPassings(points.db)
  const half = Math.ceil(all.length / 2)
  const cases = all.slice(0, half).map((early, i) => {
    const kills = [early, ...all.slice(half + i, half + i + 1)]
    const able = SECRETS.filter((name) => kills.every((point) => points[name].includes(point)))
    return { name: able[i % able.length] ?? 'db', kills, at: kills.join(' and ') }
  })
  test.each(cases)('rotate $name, killed at $at, ends well when it is run again', ({ name, kills }) =>
    killAndRecover(world, { args: rotate(name), names: [name] }, kills),
  )
}
