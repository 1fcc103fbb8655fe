import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const read = (name: string) => readFileSync(path.join(import.meta.dirname, '../..', name), 'utf8')

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

interface Locked {
  readonly dev?: boolean
  readonly optional?: boolean
  readonly devOptional?: boolean
  readonly resolved?: string
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const manifest = JSON.parse(read('package.json')) as Manifest
const lock = JSON.parse(read('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> }
const decision = read('docs/decisions/0001-dependencies.md')

test('every dependency stands in the decision about dependencies with its reason, and no other', () => {
  const [production = '', development = ''] = decision.split('## In development')
  const named = (part: string) => [...part.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
  expect(named(production).sort()).toEqual(Object.keys(manifest.dependencies).sort())
  expect(named(development).sort()).toEqual(Object.keys(manifest.devDependencies).sort())
})

test('the number of production packages is the one that was decided, and none runs a script when it is installed', () => {
  const installed = Object.entries(lock.packages).filter(([name, { dev, optional, devOptional }]) => name !== '' && !dev && !optional && !devOptional)
  expect(decision).toContain(`**${installed.length} production packages**`)
  expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([])
})

test('versions are exact, and the lock file names no addresses', () => {
  for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
})

test('the lock file has every package that another one names, also those for other machines: without them "npm ci" refuses', () => {
  const missing = Object.entries(lock.packages).flatMap(([from, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !placesOf(name, from).some((place) => place in lock.packages))
      .map((name) => `${name} of ${from}`),
  )
  expect(missing).toEqual([])
})

/** Where Node would look for a package, from the folder of another one upwards. */
function placesOf(name: string, from: string): readonly string[] {
  const above = from.includes('node_modules') ? from.slice(0, from.lastIndexOf('node_modules')).replace(/\/$/, '') : null
  const here = from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`
  return above === null ? [here] : [here, ...placesOf(name, above)]
}
