import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { canary } from '../support/canary.ts'
import { makeProject, type Project } from '../support/project.ts'

/** Values of an env file, and the file, as people have it. */
export interface Sample {
  readonly values: Readonly<Record<'openai' | 'jwt' | 'ari' | 'db' | 'data', string>>
  readonly text: string
}

export function sampleEnv(): Sample {
  const values = { openai: canary(), jwt: canary(), ari: canary(), db: canary(), data: canary() }
  const text = [
    '# Settings of the agent',
    'TZ=Europe/Vienna',
    'ASTERISK_ARI_USERNAME=agent',
    `ASTERISK_ARI_PASSWORD='${values.ari}'   # the same as in ari.conf`,
    '',
    `export JWT_SECRET="${values.jwt}"`,
    `OPENAI_API_KEY=${values.openai}`,
    'DEEPGRAM_API_KEY=',
    'DB_USER=app',
    `DB_PASSWORD=${values.db}`,
    `DATABASE_URL=postgres://app:${values.db}@db/app`,
    `N8N_ENCRYPTION_KEY=${values.data}`,
    'LOG_LEVEL=info   # no final newline follows',
  ].join('\n')
  return { values, text }
}

/** A project whose `.env` was imported with a recovery key in `../home/recovery.txt`. */
export async function importedProject(
  files: Readonly<Record<string, string>> = {},
): Promise<{ readonly project: Project; readonly sample: Sample; readonly recovery: string }> {
  const sample = sampleEnv()
  const project = makeProject({ '.env': sample.text, ...files })
  const recovery = path.join(project.home, 'recovery.txt')
  const result = await project.run(['init', '--yes', '--recovery-key-file', recovery])
  expect(result.stderr).toBe('')
  expect(result.code).toBe(0)
  return { project, sample, recovery }
}

/** Ids of inventories that have anything in the private home: state, keys or cache. */
export function idsIn(project: Project): readonly string[] {
  const folders = ['state', 'config', 'cache'].map((name) => path.join(project.home, name, 'keyturn')).filter((folder) => existsSync(folder))
  return [...new Set(folders.flatMap((folder) => readdirSync(folder)))].filter((name) => name.startsWith('kt_')).sort()
}
