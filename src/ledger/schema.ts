/** The number of this layout of tables and of the folded rows in them. A larger one in a file is refused, a smaller one migrated. */
export const FORMAT = 1

/** What differs between the two databases; everything else is one text for both. */
export interface SqlTypes {
  readonly integer: string
  /** Must compare byte by byte: heads are computed over the streams in this order. */
  readonly text: string
  /** After the closing bracket of a table. */
  readonly options: string
}

export const SQLITE: SqlTypes = { integer: 'INTEGER', text: 'TEXT', options: ' STRICT' }

/**
 * The tables. `streams` holds the folded state of each stream, and its `seq` is the compare-and-set of an append;
 * `counter` gives every event its place over all streams, without gaps; `meta` says whose ledger it is.
 */
export const tables = ({ integer, text, options }: SqlTypes): string => `
CREATE TABLE events (
  pos ${integer} PRIMARY KEY,
  stream ${text} NOT NULL,
  seq ${integer} NOT NULL,
  at ${integer} NOT NULL,
  event ${text} NOT NULL,
  actor ${text} NOT NULL,
  tool ${text} NOT NULL,
  inventory ${text} NOT NULL,
  policy ${text} NOT NULL,
  prev ${text} NOT NULL,
  hash ${text} NOT NULL,
  UNIQUE (stream, seq)
)${options};
CREATE TABLE streams (
  stream ${text} PRIMARY KEY,
  seq ${integer} NOT NULL,
  pos ${integer} NOT NULL,
  hash ${text} NOT NULL,
  state ${text} NOT NULL
)${options};
CREATE TABLE counter (
  one ${integer} PRIMARY KEY CHECK (one = 1),
  pos ${integer} NOT NULL
)${options};
CREATE TABLE meta (
  name ${text} PRIMARY KEY,
  value ${text} NOT NULL
)${options};
INSERT INTO counter (one, pos) VALUES (1, 0);
`

const EVENT = 'pos, stream, seq, at, event, actor, tool, inventory, policy, prev, hash'

/** Every statement, with `$1..$n`: SQLite and PostgreSQL both take them. */
export const SQL = {
  meta: 'SELECT name, value FROM meta',
  putMeta: 'INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  row: 'SELECT seq, hash, state FROM streams WHERE stream = $1',
  state: 'SELECT state FROM streams WHERE stream = $1',
  states: 'SELECT stream, state FROM streams WHERE stream > $1 ORDER BY stream LIMIT $2',
  count: 'UPDATE counter SET pos = pos + 1 RETURNING pos',
  insertEvent: `INSERT INTO events (${EVENT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
  insertRow: 'INSERT INTO streams (stream, seq, pos, hash, state) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (stream) DO NOTHING',
  updateRow: 'UPDATE streams SET seq = $2, pos = $3, hash = $4, state = $5 WHERE stream = $1 AND seq = $2 - 1',
  refoldRow: 'UPDATE streams SET state = $2 WHERE stream = $1',
  read: `SELECT ${EVENT} FROM events WHERE stream = $1 ORDER BY seq`,
  pos: 'SELECT pos FROM counter',
  eventsByStream: `SELECT ${EVENT} FROM events ORDER BY stream, seq`,
  eventsByPos: `SELECT ${EVENT} FROM events ORDER BY pos`,
  rows: 'SELECT stream, seq, pos, hash, state FROM streams ORDER BY stream',
} as const
