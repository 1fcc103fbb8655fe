import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { ledgerFault } from './faults.ts'

/** A row, by column name. */
export type Row = Readonly<Record<string, SQLInputValue>>

/** The statements of one connection, prepared once each; every error comes out as ours. */
export interface Database {
  readonly file: string
  readonly raw: DatabaseSync
  all<T extends object = Row>(sql: string, ...values: readonly SQLInputValue[]): readonly T[]
  get<T extends object = Row>(sql: string, ...values: readonly SQLInputValue[]): T | undefined
  /** How many rows it changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number
  each<T extends object = Row>(sql: string): Generator<T>
  exec(sql: string): void
  /** All or nothing, alone among the writers of all processes. */
  transaction<T>(work: () => T): T
  close(): void
}

export function database(raw: DatabaseSync, file: string): Database {
  const prepared = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    let found = prepared.get(sql)
    if (!found) {
      found = raw.prepare(sql)
      prepared.set(sql, found)
    }
    return found
  }
  // `$1` is a named parameter to SQLite.
  const bind = (values: readonly SQLInputValue[]): Record<string, SQLInputValue> => Object.fromEntries(values.map((value, at) => [at + 1, value]))
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw ledgerFault(error, file)
    }
  }
  return {
    file,
    raw,
    all: (sql, ...values) => guard(() => statement(sql).all(bind(values)) as never),
    get: (sql, ...values) => guard(() => statement(sql).get(bind(values)) as never),
    run: (sql, ...values) => guard(() => Number(statement(sql).run(bind(values)).changes)),
    *each(sql) {
      // Not the shared statement: two walks at once would reset each other.
      const rows = guard(() => raw.prepare(sql).iterate())
      for (;;) {
        const next = guard(() => rows.next())
        if (next.done) return
        yield next.value as never
      }
    },
    exec: (sql) => guard(() => raw.exec(sql)),
    transaction: (work) =>
      guard(() => {
        // IMMEDIATE: a plain BEGIN that writes later fails as busy without waiting.
        raw.exec('BEGIN IMMEDIATE')
        try {
          const result = work()
          raw.exec('COMMIT')
          return result
        } catch (error) {
          // Some errors (a full disk) have rolled back already.
          if (raw.isTransaction) raw.exec('ROLLBACK')
          throw error
        }
      }),
    close: () => {
      if (raw.isOpen) raw.close()
    },
  }
}
