import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { filledOnce } from './cache.ts'
import { reasonAgainstDebian, unpackDebian } from './debian.ts'

/** Docker's programs, unpacked: nothing of this machine's own Docker is used or changed. */
export interface DockerPrograms {
  /** To be first in PATH. */
  readonly bin: string
  /** DOCKER_CONFIG: where its plugins are found. */
  readonly config: string
}

/** Those of sid need no library newer than Debian 12's; its runc does, so that comes from there. */
const WANTED: readonly { readonly suite: string; readonly packages: readonly string[]; readonly programs: readonly string[] }[] = [
  {
    suite: 'sid',
    packages: ['docker.io', 'docker-cli', 'docker-buildx', 'docker-compose', 'containerd', 'tini'],
    programs: ['usr/sbin/dockerd', 'usr/bin/docker', 'usr/bin/containerd', 'usr/bin/containerd-shim-runc-v2'],
  },
  { suite: 'bookworm', packages: ['runc'], programs: ['usr/sbin/runc'] },
]

let found: Promise<DockerPrograms | string> | null = null

/** The programs; or, as a text, why they cannot be had here. Fetched once a machine: some 30 s, 320 MB kept. */
export function dockerPrograms(): Promise<DockerPrograms | string> {
  found ??= find()
  return found
}

async function find(): Promise<DockerPrograms | string> {
  try {
    const root = await filledOnce('docker-28', async (folder) => {
      const reason = reasonAgainstDebian()
      if (reason !== null) throw new Error(reason)
      for (const part of WANTED) {
        const unpacked = `${folder}.${part.suite}`
        rmSync(unpacked, { recursive: true, force: true })
        await unpackDebian(part.suite, part.packages, unpacked)
        keep(unpacked, part.programs, folder)
        rmSync(unpacked, { recursive: true })
      }
    })
    return { bin: path.join(root, 'bin'), config: path.join(root, 'config') }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The programs and the plugins; the rest, which is more, goes. */
function keep(from: string, programs: readonly string[], to: string): void {
  const bin = path.join(to, 'bin')
  const plugins = path.join(to, 'config', 'cli-plugins')
  for (const folder of [bin, plugins]) mkdirSync(folder, { recursive: true })
  for (const name of programs) renameSync(path.join(from, name), path.join(bin, path.basename(name)))
  const tini = path.join(from, 'usr/bin/tini-static')
  if (existsSync(tini)) copyFileSync(tini, path.join(bin, 'docker-init'))
  const own = path.join(from, 'usr/libexec/docker/cli-plugins')
  if (existsSync(own)) for (const name of readdirSync(own)) copyFileSync(path.join(own, name), path.join(plugins, name))
}
