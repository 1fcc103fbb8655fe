import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from './refusal.ts'

/** Someone who may sign requests. */
export interface Signer {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string
  /** Milliseconds since 1970; afterwards its requests are refused. */
  readonly expiresAt?: number
}

export interface Signed {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** How far a request's time may be off, in milliseconds. */
const SKEW_MS = 5 * 60_000

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

/**
 * Checks Signature Version 4 of a request as AWS does, body and all.
 *
 * @returns who signed it.
 * @throws Refusal as AWS words it.
 */
export function verifySignature(
  { method, url, headers, body }: Signed,
  signers: readonly Signer[],
  scope: { region: string; service: string },
  now: number,
): Signer {
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/
  const match = pattern.exec(headers.authorization ?? '')
  if (!match) throw new Refusal('MissingAuthenticationTokenException', 'Request is missing Authentication Token', 403)
  const [, id = '', day = '', region = '', service = '', list = '', signature = ''] = match
  const signer = signers.find(({ accessKeyId, sessionToken }) => accessKeyId === id && sessionToken === headers['x-amz-security-token'])
  if (!signer) throw new Refusal('UnrecognizedClientException', 'The security token included in the request is invalid.')
  if (signer.expiresAt !== undefined && signer.expiresAt <= now) {
    throw new Refusal('ExpiredTokenException', 'The security token included in the request is expired')
  }
  if (region !== scope.region || service !== scope.service) {
    throw new Refusal('InvalidSignatureException', `Credential should be scoped to a valid region, not '${region}'.`)
  }
  const date = String(headers['x-amz-date'])
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(at - now) <= SKEW_MS) || !date.startsWith(day)) {
    throw new Refusal('InvalidSignatureException', `Signature expired: ${date} is now earlier than allowed.`)
  }
  const names = list.split(';')
  for (const needed of ['host', 'x-amz-date', ...(headers['x-amz-target'] === undefined ? [] : ['x-amz-target'])]) {
    if (!names.includes(needed)) throw new Refusal('InvalidSignatureException', `'${needed}' must be a 'SignedHeader' in the AWS Authorization header.`)
  }
  const { pathname, search } = new URL(url, 'http://any')
  const query = search.slice(1).split('&').sort().join('&')
  const canonical = names.map((name) => `${name}:${String(headers[name]).trim().replaceAll(/ +/g, ' ')}\n`).join('')
  const request = [method, pathname, query, canonical, list, sha256(body)].join('\n')
  const text = ['AWS4-HMAC-SHA256', date, `${day}/${region}/${service}/aws4_request`, sha256(request)].join('\n')
  const key = ['aws4_request'].reduce((made, part) => hmac(made, part), hmac(hmac(hmac(`AWS4${signer.secretAccessKey}`, day), region), service))
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'))) {
    throw new Refusal('InvalidSignatureException', 'The request signature we calculated does not match the signature you provided.')
  }
  return signer
}
