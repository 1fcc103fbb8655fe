import { Refusal } from './refusal.ts'

/** A policy of IAM, as far as the documented one goes: no conditions, no principals. */
export interface Policy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly {
    readonly Sid?: string
    readonly Effect: 'Allow' | 'Deny'
    readonly Action: string | readonly string[]
    readonly Resource: string | readonly string[]
  }[]
}

/** @throws Refusal where no statement allows it, or one denies it. */
export function requireAllowed(policy: Policy, action: string, resource: string): void {
  const meant = policy.Statement.filter(({ Action, Resource }) => matches(Action, action) && matches(Resource, resource))
  if (meant.some(({ Effect }) => Effect === 'Deny') || !meant.some(({ Effect }) => Effect === 'Allow')) {
    throw new Refusal(
      'AccessDeniedException',
      `User: arn:aws:iam::123456789012:user/keyturn is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
    )
  }
}

const matches = (patterns: string | readonly string[], text: string): boolean =>
  [patterns].flat().some((pattern) =>
    new RegExp(
      `^${pattern
        .replaceAll(/[.+^${}()|[\]\\/]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
      's',
    ).test(text),
  )
