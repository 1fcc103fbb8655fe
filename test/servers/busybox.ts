import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { filledOnce } from './cache.ts'
import { unpackDebian } from './debian.ts'
import type { Docker } from './docker.ts'

const run = promisify(execFile)

/** What the images call it. */
export const BUSYBOX = 'keyturn-busybox'

/** An image of one static program, made without any network: `sh`, `wget`, `cat` and the like are links to it. */
export async function loadBusybox(engine: Docker): Promise<void> {
  const unpacked = await filledOnce('busybox-bookworm', (folder) => unpackDebian('bookworm', ['busybox-static'], folder))
  const program = ['usr/bin/busybox', 'bin/busybox'].map((name) => path.join(unpacked, name)).find((name) => existsSync(name))
  if (program === undefined) throw new Error('the package busybox-static holds no busybox')
  const work = mkdtempSync(path.join(tmpdir(), 'keyturn-busybox-'))
  try {
    const bin = path.join(work, 'root', 'bin')
    mkdirSync(bin, { recursive: true })
    mkdirSync(path.join(work, 'root', 'tmp'))
    copyFileSync(program, path.join(bin, 'busybox'))
    const applets = (await run(program, ['--list'])).stdout.split('\n').filter((name) => name !== '' && name !== 'busybox')
    for (const name of applets) symlinkSync('busybox', path.join(bin, name))
    await run('tar', ['-C', path.join(work, 'root'), '-cf', path.join(work, 'root.tar'), '.'])
    await engine.docker('import', '--change', 'ENV PATH=/bin', path.join(work, 'root.tar'), BUSYBOX)
  } finally {
    rmSync(work, { recursive: true })
  }
}
