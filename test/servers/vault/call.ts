/** One request as the stand-in sees it, and its answer. */
export interface Call {
  readonly method: string
  /** Decoded, below `/v1/`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: unknown
  /** The body as it came. */
  readonly text: string
  readonly header: (name: string) => string | undefined
  readonly token: string | null
  /** `''` for the root, else with a `/` at its end. */
  readonly namespace: string
}

export interface Answer {
  readonly status: number
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

export const errors = (status: number, ...texts: readonly string[]): Answer => ({ status, body: { errors: texts } })

/** The envelope of every success. */
export const data = (content: unknown, more: object = {}): Answer => ({
  status: 200,
  body: { request_id: '0', lease_id: '', renewable: false, lease_duration: 0, data: content, wrap_info: null, warnings: null, auth: null, ...more },
})

export const NOTHING: Answer = { status: 204 }
export const PERMISSION_DENIED = errors(403, 'permission denied')
export const UNSUPPORTED_OPERATION = errors(405, '1 error occurred:\n\t* unsupported operation\n\n')
export const NO_ROUTE = (path: string): Answer => errors(404, `no handler for route "${path}". route entry not found.`)

/** What an object of a request holds; `undefined` for anything else. */
export const member = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined

export const text = (body: unknown, name: string): string => {
  const value = member(body, name)
  return typeof value === 'string' ? value : ''
}
