import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const read = (name: string) => readFileSync(path.join(import.meta.dirname, '../..', name), 'utf8')

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly dev?: boolean; readonly optional?: boolean; readonly devOptional?: boolean; readonly resolved?: string; readonly hasInstallScript?: boolean }
    >
  >
}

const manifest = JSON.parse(read('package.json')) as Manifest
const lock = JSON.parse(read('package-lock.json')) as Lock
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
