import { chmodSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Guarded } from '../../src/guards/guarded.ts'
import { modeFindings } from '../../src/guards/mode-findings.ts'
import { makeProject } from '../support/project.ts'

const UID = process.getuid?.() ?? 0

test('an output with one file a secret is looked into: its present generation, by the mode declared', async () => {
  await using project = makeProject({ 'secrets/..data/JWT': 'CANARY', 'secrets/..data/API': 'CANARY', 'secrets/..gen-1/OLD': 'CANARY' })
  const path = project.path('secrets')
  const output: Guarded = { what: 'output', name: 'secrets/', path, real: path, folder: true, perm: 0o640, here: true, secrets: [] }
  for (const [name, mode] of [
    ['JWT', 0o640],
    ['API', 0o644],
  ] as const)
    chmodSync(project.path(`secrets/..data/${name}`), mode)
  expect(modeFindings([output], new Set([UID]))).toEqual([
    {
      ...{ rule: 'file-mode', file: `${path}/..data/API`, message: 'others may read it (mode 644)', fix: true },
      ...{ hint: `chmod 640 ${path}/..data/API`, chmod: { path: `${path}/..data/API`, mode: 0o640 } },
    },
  ])
  expect(modeFindings([{ ...output, here: false }], new Set([UID]))).toEqual([])
})
