import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { findBuilds, targetsOf } from '../../guards/builds.ts'
import { repositoryOf } from '../../guards/git.ts'
import { readIgnoreFile } from '../../guards/ignore-file.ts'
import { type IgnoreQuestion, within } from '../../guards/ignore-lines.ts'

/**
 * What keeps the env files of a project out of git and out of images. Only ignore files in the repository, or without one in
 * the folder of the inventory, are asked about: what lies further up is not the project's to change. Reads only.
 *
 * @param folder absolute folder of the inventory
 * @param envFiles absolute
 */
export function lookAround(folder: string, envFiles: readonly string[]): IgnoreQuestion {
  const dir = realpathSync(folder)
  const git = repositoryOf(dir)
  const root = git ?? dir
  const files = envFiles.map((file) => join(realpathSync(dirname(file)), basename(file))).filter((file) => within(root, file) !== null)
  const docker = targetsOf(findBuilds(root, dir).builds, files).filter(({ path }) => within(root, path) !== null)
  return { dir, files, git, docker, read: readIgnoreFile }
}
