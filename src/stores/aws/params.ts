import * as z from 'zod'

const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/

/** What an inventory says of a store of kind `aws`. Credentials are never among it: they come by the SDK's default chain. */
export const awsParams = z.strictObject({
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is no region, such as eu-central-1')
    .optional()
    .describe('Region of the secrets. Default: AWS_REGION, or the region of the profile.'),
  endpoint: z
    .url({ protocol: /^https?$/, error: 'is no http or https address' })
    // It is shown in messages.
    .refine((text) => plainAddress(text), 'holds a user, a password, "?" or "#": credentials come from the environment')
    .optional()
    .describe('Address of another endpoint, such as a VPC endpoint. Default: the one of the region, or AWS_ENDPOINT_URL.'),
  profile: z.string().min(1).optional().describe('Profile of ~/.aws/config. Default: AWS_PROFILE, or the default one.'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9/_+.@-]{1,200}$/, 'is no start of a name: letters, digits and /_+.@- only')
    .optional()
    .describe('Stands before the name of every secret, such as "team-a/". Default: nothing.'),
  role: z.string().regex(ROLE, 'is no ARN of a role').optional().describe('ARN of a role to assume with the credentials found.'),
  external_id: z.string().min(2).max(1224).optional().describe('External id that the role asks for.'),
  kms_key: z
    .string()
    .min(1)
    .max(2048)
    .optional()
    .describe("Key that new secrets are encrypted with: id, ARN or alias. Default: the account's aws/secretsmanager."),
  timeout: z
    .string()
    .regex(/^[1-9]\d{0,5}(ms|s|m)$/, 'write it like 500ms, 10s or 1m')
    .refine((text) => timeoutMsOf(text) <= 60_000, 'at most 1m: a step has to end within its lease')
    .optional()
    .describe('How long one answer may take. Default: 10s.'),
  burst: z.boolean().optional().describe('Write one path more than once in ten minutes, which AWS advises against. Default: false.'),
})

export type AwsParams = z.infer<typeof awsParams>

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 }

/** The milliseconds of a text that the schema took. */
export const timeoutMsOf = (text: string): number => Number.parseInt(text, 10) * (UNITS_MS[text.replace(/^\d+/, '')] ?? 1)

function plainAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  return url === null || `${url.username}${url.password}${url.search}${url.hash}` === ''
}
