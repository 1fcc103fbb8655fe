import * as z from 'zod'

/** Parts parted by `/`, each of plain characters: goes into URLs and a header as it is. */
const PLAIN_PATH = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

const plainPath = (what: string) => z.string().regex(PLAIN_PATH, `${what}: names parted by "/", without "/" at its ends`)
const file = () => z.string().min(1)
const variable = () => z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable')
const exactlyOne = (names: readonly string[]) => ({
  check: (given: object) => names.filter((name) => name in given).length === 1,
  message: `needs exactly one of ${names.join(', ')}`,
})

const role = z.string().min(1).max(512)
const loginMount = () => plainPath('where the login method is mounted').optional().describe('Where the method is mounted. Default: its kind.')

const oneId = exactlyOne(['role_id', 'role_id_file', 'role_id_env'])
const oneSecret = exactlyOne(['secret_id_file', 'secret_id_env'])
const oneJwt = exactlyOne(['jwt_file', 'jwt_env'])
const atMostOneToken = (given: object): boolean => !('env' in given && 'file' in given)

const token = z
  .strictObject({
    kind: z.literal('token'),
    env: variable().optional().describe('Environment variable that holds the token. Default: VAULT_TOKEN.'),
    file: file().optional().describe('File that holds the token, such as the sink of an agent; read again when it is refused.'),
  })
  .refine(atMostOneToken, 'env or file, not both')
const approle = z
  .strictObject({
    kind: z.literal('approle'),
    mount: loginMount(),
    role_id: z.string().min(1).max(512).optional(),
    role_id_file: file().optional(),
    role_id_env: variable().optional(),
    secret_id_file: file().optional(),
    secret_id_env: variable().optional(),
    wrapped: z.boolean().optional().describe('What is read is the token of a response-wrapped secret id: it is unwrapped once. Default: false.'),
  })
  .refine(oneId.check, oneId.message)
  .refine(oneSecret.check, oneSecret.message)
const kubernetes = z.strictObject({
  kind: z.literal('kubernetes'),
  mount: loginMount(),
  role,
  jwt_file: file().optional().describe('Default: /var/run/secrets/kubernetes.io/serviceaccount/token.'),
})
const jwt = z
  .strictObject({ kind: z.literal('jwt'), mount: loginMount(), role: role.optional(), jwt_file: file().optional(), jwt_env: variable().optional() })
  .refine(oneJwt.check, oneJwt.message)

/** The keys beside `kind: vault` in `stores:`. */
export const vaultParams = z
  .strictObject({
    address: z
      .string()
      .refine((text) => problemOfAddress(text) === null, { error: ({ input }) => problemOfAddress(String(input)) ?? 'is no address' })
      .optional()
      .describe('https://vault.example.org:8200. Default: the environment variable VAULT_ADDR.'),
    plaintext: z.boolean().optional().describe('Allows http:// to another machine, as inside of a private network. Default: false.'),
    mount: plainPath('where the KV engine is mounted').default('secret').describe('Where the KV engine is mounted. Default: secret.'),
    namespace: plainPath('a namespace').optional().describe('Namespace, as of Vault Enterprise, HCP and OpenBao.'),
    ca: file().optional().describe('File with the certificates that are trusted instead of the system’s.'),
    cert: file().optional().describe('File with the client certificate.'),
    key: file().optional().describe('File with its key.'),
    timeout: z
      .string()
      .regex(/^[1-9]\d{0,5}(ms|s|m)$/, 'write it like 500ms, 10s or 1m')
      .refine((text) => timeoutMsOf(text) <= 60_000, 'at most 1m: a step has to end within its lease')
      .default('10s')
      .describe('How long one answer may take. Default 10s.'),
    auth: z
      .discriminatedUnion('kind', [token, approle, kubernetes, jwt])
      .default({ kind: 'token' })
      .describe('How to log in. Default: a token in VAULT_TOKEN.'),
  })
  .refine((given) => 'cert' in given === 'key' in given, 'cert and key are given together')

export type VaultParams = z.output<typeof vaultParams>
export type VaultAuth = VaultParams['auth']

/** The milliseconds of a text that the schema took. */
export const timeoutMsOf = (text: string): number => Number.parseInt(text, 10) * (UNITS_MS[text.replace(/^\d+/, '')] ?? 1)

/** Why this cannot be the address of a server, or `null`. */
export function problemOfAddress(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) return 'is no address: write it like https://vault.example.org:8200'
  if (url.username !== '' || url.password !== '') return 'holds a user or password: say under "auth" how to log in'
  if (url.search !== '' || url.hash !== '') return 'holds "?" or "#"'
  if (/\/v1\/?$/.test(url.pathname)) return 'ends with /v1, which is added by itself'
  return null
}
