import type { BigIntStats } from 'node:fs'

/** What tells that a file is still the one that was read. Numbers as text: nanoseconds do not fit into a number. */
export interface Stamp {
  readonly file: string
  readonly mtimeNs: string
  /** Also changes when somebody sets the modification time back. */
  readonly ctimeNs: string
  readonly size: string
  readonly inode: string
  readonly device: string
}

export const stampOf = (file: string, stat: BigIntStats): Stamp => ({
  file,
  mtimeNs: `${stat.mtimeNs}`,
  ctimeNs: `${stat.ctimeNs}`,
  size: `${stat.size}`,
  inode: `${stat.ino}`,
  device: `${stat.dev}`,
})

export const sameStamp = (a: Stamp, b: Stamp): boolean =>
  a.file === b.file && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.size === b.size && a.inode === b.inode && a.device === b.device
