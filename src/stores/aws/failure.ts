import { KeyturnError } from '../../errors.ts'

/** What was asked for, for the message. */
export interface Asked {
  readonly operation: string
  /** Name of the secret; absent where several were asked for. */
  readonly on?: string
  /** The region, or the address of another endpoint. */
  readonly where: string
}

/** Of an error of the SDK only what is safe to show: never its message, which may quote a request or an answer. */
export interface Seen {
  /** AWS's name of the error, or Node's code. */
  readonly name: string
  readonly status: number | null
  readonly requestId: string | null
  /** It says that the secret is scheduled for deletion. */
  readonly deleted: boolean
}

interface Row {
  readonly seen: string
  readonly hint: string
  readonly retryable?: boolean
}

const CREDENTIALS: Row = {
  seen: 'the credentials were refused',
  hint: 'Check AWS_ACCESS_KEY_ID, AWS_PROFILE or the role of this machine: "aws sts get-caller-identity" says who it is.',
}
const EXPIRED: Row = { seen: 'the credentials have expired', hint: 'Log in again ("aws sso login"), or let the machine have a role.' }
const DENIED: Row = {
  seen: 'access was denied',
  hint: 'Allow secretsmanager:OPERATION on this secret (and kms:Decrypt, kms:GenerateDataKey for a key of your own); docs/stores-aws.md has the policy.',
}
const BUSY: Row = { seen: 'asked too often', hint: 'Nothing: it is tried again later. The quotas are per account and region, so others may use them up.' }
const BROKEN: Row = { seen: 'a fault of the service', hint: 'Nothing: it is tried again later.' }
const CLOCK: Row = { seen: 'the time of this machine is minutes off', hint: 'Set the clock (for example by NTP).' }
const INVALID: Row = { seen: 'the request was refused as invalid', hint: 'See the request id in CloudTrail, which says why.', retryable: false }
const GONE: Row = {
  seen: 'scheduled for deletion',
  hint: 'aws secretsmanager restore-secret --secret-id NAME brings it back; else use another path.',
  retryable: false,
}

/** By name and not by status: AWS answers 400 for nearly all of them, and emulators answer otherwise. */
const ROWS: Readonly<Record<string, Row>> = {
  AccessDeniedException: DENIED,
  AccessDenied: { ...DENIED, hint: 'Allow sts:AssumeRole on the role, and let its trust policy name this identity.' },
  ClockSkewDetected: CLOCK,
  DecryptionFailure: {
    seen: 'the KMS key does not open it',
    hint: "Allow kms:Decrypt on the secret's key, and see that the key is enabled and not to be deleted.",
  },
  EncryptionFailure: { seen: 'the KMS key could not be used', hint: "Allow kms:GenerateDataKey on the secret's key, and see that the key is enabled." },
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  IncompleteSignature: CREDENTIALS,
  InternalFailure: BROKEN,
  InternalServerError: BROKEN,
  InternalServiceError: BROKEN,
  InvalidClientTokenId: CREDENTIALS,
  InvalidNextTokenException: { ...INVALID, retryable: true },
  InvalidParameterException: INVALID,
  InvalidRequestException: { ...INVALID, seen: 'the secret is not in a state for it' },
  InvalidSignatureException: CREDENTIALS,
  LimitExceededException: {
    seen: 'a quota is used up',
    hint: 'A secret holds 100 versions of the last 24 hours: wait a day, or put fewer secrets on one path. An account holds 500,000 secrets.',
  },
  MalformedPolicyDocumentException: INVALID,
  MissingAuthenticationToken: CREDENTIALS,
  PreconditionNotMetException: { seen: 'the secret is not in a state for it', hint: 'See whether it is a replica: write in its primary region.' },
  PublicPolicyException: INVALID,
  RequestLimitExceeded: BUSY,
  RequestTimeTooSkewed: CLOCK,
  ResourceExistsException: { seen: 'is there already', hint: 'Nothing: it is read again.' },
  ResourceNotFoundException: { seen: 'not found', hint: 'Check region and account: "aws secretsmanager list-secrets" lists what is there.', retryable: false },
  ServiceUnavailable: BROKEN,
  ServiceUnavailableException: BROKEN,
  SignatureDoesNotMatch: CREDENTIALS,
  Throttling: BUSY,
  ThrottlingException: BUSY,
  ThrottledException: BUSY,
  TooManyRequestsException: BUSY,
  UnrecognizedClientException: CREDENTIALS,
  ValidationException: INVALID,
  // Names of the SDK itself.
  CredentialsProviderError: { ...CREDENTIALS, seen: 'no credentials were found' },
  TokenProviderError: EXPIRED,
  NoRegion: { seen: 'no region is set', hint: 'Set "region" of the store, or AWS_REGION.', retryable: false },
  TimeoutError: { seen: 'no answer in time', hint: 'Check the network and the endpoint; "timeout" of the store sets how long is waited.' },
}

const UNREADABLE: Row = {
  seen: 'the answer is none of Secrets Manager',
  hint: 'Check "endpoint" and what lies before it: a proxy or a login page answered.',
}
const UNTRUSTED: Row = {
  seen: 'the certificate of the server is not trusted',
  hint: 'Check "endpoint"; NODE_EXTRA_CA_CERTS=FILE trusts an authority of your own.',
}
const UNREACHABLE: Row = { seen: 'cannot be reached', hint: 'Check the network, "region" and "endpoint".' }

/** What can be said of an error that the SDK threw. */
export function seenIn(error: unknown): Seen {
  const { name, code, message, Message, $metadata, cause } = Object(error) as Record<string, unknown>
  const { httpStatusCode, requestId } = Object($metadata) as Record<string, unknown>
  const status = typeof httpStatusCode === 'number' ? httpStatusCode : null
  const system = [code, (Object(cause) as Record<string, unknown>).code].find(
    (one) => typeof one === 'string' && /^(E[A-Z0-9_]{2,30}|ERR_[A-Z_]{2,40}|[A-Z_]{5,40}_CERT[A-Z_]*|CERT_[A-Z_]{2,40}|UNABLE_TO_[A-Z_]{2,40})$/.test(one),
  )
  // The SDK calls a reset a timeout too.
  const cutOff = system === 'ECONNRESET' || system === 'EPIPE'
  const noRegion = message === 'Region is missing' ? 'NoRegion' : null
  const known = !cutOff && typeof name === 'string' && Object.hasOwn(ROWS, name) ? name : null
  return {
    name:
      noRegion ??
      known ??
      (system as string | undefined) ??
      (typeof name === 'string' && /^[A-Za-z]{3,64}(Exception|Failure|Fault)$/.test(name) ? name : 'unreadable'),
    status,
    requestId: typeof requestId === 'string' && /^[\w-]{1,64}$/.test(requestId) ? requestId : null,
    // AWS has said so under two names. Its text is looked at and never shown.
    deleted: /^Invalid(Request|Parameter)Exception$/.test(known ?? '') && /(marked|scheduled) for deletion/.test(`${message} ${Message}`),
  }
}

/** An error of AWS, of the network or of the SDK as ours; one of ours comes back as it is. */
export function failureOf(error: unknown, { operation, on, where }: Asked): KeyturnError {
  if (error instanceof KeyturnError) return error
  const seen = seenIn(error)
  const row = rowOf(seen)
  const details = [
    seen.name === 'unreadable' ? null : seen.name,
    seen.status === null ? null : `status ${seen.status}`,
    seen.requestId && `request ${seen.requestId}`,
  ]
  const about = details.filter((detail) => detail !== null && detail !== '').join(', ')
  return new KeyturnError(
    'STORE_UNAVAILABLE',
    `AWS Secrets Manager (${where}): ${operation}${on === undefined ? '' : ` of ${on}`}: ${row.seen}${about && ` (${about})`}`,
    {
      hint: row.hint.replace('OPERATION', operation).replace('NAME', on ?? 'NAME'),
      ...(row.retryable !== undefined && { retryable: row.retryable }),
    },
  )
}

function rowOf({ name, status, deleted }: Seen): Row {
  if (deleted) return GONE
  const row = ROWS[name]
  if (row) return row
  if (/CERT|SIGNATURE|^ERR_(TLS|SSL)/.test(name)) return UNTRUSTED
  if (name === 'unreadable') return status === null || status < 500 ? UNREADABLE : BROKEN
  if (/(Exception|Failure|Fault)$/.test(name)) return status !== null && status >= 500 ? BROKEN : { ...INVALID, seen: 'the request was refused' }
  return UNREACHABLE
}
