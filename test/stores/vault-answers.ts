import type { Fault } from '../servers/vault/server.ts'

/** Every answer of Vault's error table, and answers that no Vault gives: what becomes of each. */

export const PATH = 'demo/production/openai'
export const DATA = `secret/data/${PATH}`
export const errors = (status: number, ...texts: readonly string[]): Fault => ({ status, body: { errors: texts } })

export interface Row {
  readonly name: string
  readonly fault: Fault
  readonly code: string
  readonly message: RegExp
  readonly hint: RegExp
  /** Requests that are sent in all. */
  readonly tries: number
  readonly retryable?: boolean
}

const HTML = '<html><body>Sign in</body></html>'

export const ROWS: readonly Row[] = [
  {
    name: 'an answer nobody knows',
    fault: errors(400, 'some new sentence with CANARY-word'),
    code: 'STORE_UNAVAILABLE',
    message: /refused \(400\)$/,
    hint: /audit log/,
    tries: 1,
  },
  {
    name: 'check-and-set that is demanded',
    fault: errors(400, 'check-and-set parameter required for this call'),
    code: 'STORE_UNAVAILABLE',
    message: /demands check-and-set \(400\)$/,
    hint: /again/,
    tries: 1,
  },
  {
    name: 'check-and-set that is not understood',
    fault: errors(400, 'error parsing check-and-set parameter'),
    code: 'STORE_UNAVAILABLE',
    message: /was not understood \(400\)$/,
    hint: /KV version 2/,
    tries: 1,
  },
  {
    name: 'no data',
    fault: errors(400, 'no data provided'),
    code: 'STORE_UNAVAILABLE',
    message: /no data arrived there \(400\)$/,
    hint: /change requests/,
    tries: 1,
  },
  {
    name: 'a mount that is being upgraded',
    fault: errors(400, 'Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume service shortly.'),
    code: 'STORE_BUSY',
    message: /is being upgraded to KV version 2$/,
    hint: /wait/,
    tries: 4,
  },
  {
    name: 'a right that is missing',
    fault: errors(403, '1 error occurred:\n\t* permission denied\n\n'),
    code: 'STORE_UNAVAILABLE',
    message: /permission denied \(403\)$/,
    hint: new RegExp(`lacks "read" on ${DATA}; docs/stores-vault.md`),
    tries: 1,
  },
  {
    name: '403 of something that is no Vault',
    fault: { status: 403, raw: HTML, headers: { 'content-type': 'text/html' } },
    code: 'STORE_UNAVAILABLE',
    message: /answered with text\/html \(status 403\)$/,
    hint: /something else than a Vault/,
    tries: 1,
  },
  {
    name: 'a mount that is not there',
    fault: errors(404, `no handler for route "${DATA}". route entry not found.`),
    code: 'STORE_UNAVAILABLE',
    message: /nothing is mounted there \(404\)$/,
    hint: /"mount" and "namespace"/,
    tries: 1,
  },
  {
    name: 'a path of the other version of KV',
    fault: { status: 404, body: { errors: [], warnings: ['Invalid path for a versioned K/V secrets engine.'] } },
    code: 'STORE_UNAVAILABLE',
    message: /refused \(404\)$/,
    hint: /audit log/,
    tries: 1,
  },
  {
    name: '404 of something that is no Vault',
    fault: { status: 404, raw: HTML, headers: { 'content-type': 'text/html; charset=utf-8' } },
    code: 'STORE_UNAVAILABLE',
    message: /answered with text\/html \(status 404\)$/,
    hint: /check the address/,
    tries: 1,
  },
  {
    name: '404 with JSON that is none of Vault',
    fault: { status: 404, body: { message: 'no Route matched' } },
    code: 'STORE_UNAVAILABLE',
    message: /with nothing that Vault says \(status 404\)$/,
    hint: /check the address/,
    tries: 1,
  },
  {
    name: 'an operation that it does not know',
    fault: errors(405, '1 error occurred:\n\t* unsupported operation\n\n'),
    code: 'STORE_UNAVAILABLE',
    message: /does not know this operation \(405\)$/,
    hint: /old version/,
    tries: 1,
  },
  {
    name: 'a node that is behind',
    fault: errors(412, 'required index state not present'),
    code: 'STORE_BUSY',
    message: /has not yet seen the last write \(412\)$/,
    hint: /active node/,
    tries: 4,
  },
  {
    name: 'a request that is too large',
    fault: errors(413, 'http: request body too large'),
    code: 'STORE_UNAVAILABLE',
    message: /no value of this size \(413\)$/,
    hint: /max_request_size/,
    tries: 1,
    retryable: false,
  },
  {
    name: 'a rate limit',
    fault: errors(429, `request path "${DATA}": rate limit quota exceeded`),
    code: 'STORE_BUSY',
    message: /the rate limit is reached \(429\)$/,
    hint: /quota/,
    tries: 4,
  },
  {
    name: 'a quota of leases',
    fault: errors(429, 'request path "x": lease count quota exceeded'),
    code: 'STORE_BUSY',
    message: /quota of leases is used up \(429\)$/,
    hint: /end leases/,
    tries: 1,
  },
  {
    name: '429 of something before the server',
    fault: { status: 429, raw: HTML },
    code: 'STORE_BUSY',
    message: /too many requests \(429\)$/,
    hint: /quota/,
    tries: 4,
  },
  {
    name: 'a fault of the server',
    fault: errors(500, 'internal error with CANARY-word'),
    code: 'STORE_UNAVAILABLE',
    message: /the server failed \(500\)$/,
    hint: /its log/,
    tries: 4,
  },
  {
    name: 'a value that its storage does not take',
    fault: errors(500, 'put failed due to value being too large; got 2 bytes, max: 1'),
    code: 'STORE_UNAVAILABLE',
    message: /no value of this size \(500\)$/,
    hint: /max_entry_size/,
    tries: 1,
    retryable: false,
  },
  {
    name: '502 with a page',
    fault: { status: 502, raw: HTML, headers: { 'content-type': 'text/html' } },
    code: 'STORE_UNAVAILABLE',
    message: /the server failed \(502\)$/,
    hint: /log/,
    tries: 4,
  },
  {
    name: 'a server that is sealed',
    fault: errors(503, 'Vault is sealed'),
    code: 'STORE_UNAVAILABLE',
    message: /Vault is sealed \(503\)$/,
    hint: /vault operator unseal/,
    tries: 1,
  },
  {
    name: 'a namespace that is locked',
    fault: errors(503, 'API access to this namespace has been locked by an administrator'),
    code: 'STORE_UNAVAILABLE',
    message: /the namespace is locked \(503\)$/,
    hint: /namespace unlock/,
    tries: 1,
  },
  {
    name: 'an upstream that is away',
    fault: { status: 504, raw: '' },
    code: 'STORE_UNAVAILABLE',
    message: /the server failed \(504\)$/,
    hint: /log/,
    tries: 4,
  },
  {
    name: 'a redirect to a login page',
    fault: { status: 302, headers: { location: 'https://login.example.org/' } },
    code: 'STORE_UNAVAILABLE',
    message: /answered with a redirect \(302\), which is not followed$/,
    hint: /login page/,
    tries: 1,
  },
  {
    name: '200 with a page',
    fault: { status: 200, raw: HTML, headers: { 'content-type': 'text/html' } },
    code: 'STORE_UNAVAILABLE',
    message: /answered with text\/html \(status 200\)$/,
    hint: /check the address/,
    tries: 1,
  },
  {
    name: '200 with nothing',
    fault: { status: 200, raw: '' },
    code: 'STORE_UNAVAILABLE',
    message: /with nothing that Vault says \(status 200\)$/,
    hint: /check the address/,
    tries: 1,
  },
  {
    name: 'JSON that stops in the middle',
    fault: { status: 200, raw: '{"data":{"data":{"value":"CANARY-cut', headers: { 'content-type': 'application/json' } },
    code: 'STORE_UNAVAILABLE',
    message: /with broken JSON \(status 200\)$/,
    hint: /check the address/,
    tries: 1,
  },
  {
    name: 'a body that is cut off',
    fault: { status: 200, body: { data: { data: { value: 'CANARY-cut' } } }, cut: 20 },
    code: 'STORE_UNAVAILABLE',
    message: /the answer was cut off \([A-Z_]+\)$/,
    hint: /log/,
    tries: 4,
  },
  {
    name: 'JSON of another program',
    fault: { status: 200, body: { value: 'CANARY-other' } },
    code: 'STORE_UNAVAILABLE',
    message: /is no secret of KV version 2$/,
    hint: /"address" and "mount"/,
    tries: 1,
  },
  {
    name: 'a value where an object must be',
    fault: { status: 200, body: { data: { data: 'CANARY-text', metadata: { version: 1 } } } },
    code: 'STORE_UNAVAILABLE',
    message: /is no secret of KV version 2$/,
    hint: /check/,
    tries: 1,
  },
  {
    name: 'the secret of another path',
    fault: {
      status: 200,
      body: {
        data: { data: { value: 'CANARY-theirs' }, metadata: { version: 1, created_time: '', custom_metadata: { keyturn_path: 'demo/production/other' } } },
      },
    },
    code: 'STORE_DAMAGED',
    message: /is the secret of another path$/,
    hint: /remove-custom-metadata/,
    tries: 1,
    retryable: false,
  },
]
