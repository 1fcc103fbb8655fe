import type { Sensitive } from '../sensitive.ts'
import type { DialectName } from '../terms.ts'

export interface Entry {
  readonly name: string
  readonly value: Sensitive<string>
}

/** One way to write env entries, after the real reader it is named for. */
export interface Dialect {
  readonly name: DialectName
  /** A whole file of these entries. Throws ENV_NOT_REPRESENTABLE, naming the variable, rather than lose a byte. */
  render(entries: readonly Entry[]): Sensitive<string>
  /** What that reader would see; `$` references are resolved as it does, within the file. Throws ENV_UNREADABLE with the line. */
  parse(text: Sensitive<string>): readonly Entry[]
  /** One value as it stands after `NAME=`, in the quoting of `like` (the old right-hand side) if that can hold it. For the lossless merge. */
  encode(name: string, value: Sensitive<string>, like?: string): Sensitive<string>
}

/** A file that is written atomically, under a lock that the kernel releases (failure rule 8). */
export interface OutputFiles {
  /**
   * Holds the file's lock while `work` runs; OUTPUT_LOCKED if it cannot be had in time. A target that ends in `/` is a folder with
   * one file a secret: read and replaced as one text, in dialect `files`.
   */
  locked<T>(target: string, signal: AbortSignal, work: (file: LockedFile) => Promise<T>): Promise<T>
}

export interface LockedFile {
  /** `null`: not there. Throws ENV_UNREADABLE for what is no text. */
  read(): Promise<Sensitive<string> | null>
  /** New file beside it, fsync, rename, fsync of the folder. Refuses a target that git tracks (OUTPUT_TRACKED). A kill leaves the old or the new. */
  replace(text: Sensitive<string>, perm: number): Promise<void>
  /** Takes what is ours out of the arrangement and leaves plain files with this mode. Only a folder has something; absent: nothing to do. */
  leave?(perm: number): Promise<void>
  /** What a person should know about how it was written; grows with `replace`. Never a value. */
  readonly notes?: readonly string[]
}
