import { providerOf } from '../inventory/providers.ts'
import type { Secret } from '../terms.ts'

/**
 * The params of a secret's rotator. A guided one that declares no page and no steps gets those of the provider that its variable is
 * named for, so that a person is told where to go. Pure.
 */
export function paramsOf(secret: Secret): Secret['rotator']['params'] {
  const { kind, params } = secret.rotator
  if (kind !== 'manual' || params.url !== undefined || params.replaces === true) return params
  const provider = Object.keys(secret.env).map(providerOf).find(Boolean)
  if (!provider) return params
  const instructions = [`Make a new key at ${provider.keysUrl}`, ...provider.facts, 'Keep the old one until Keyturn asks you to delete it.']
  return { instructions, ...params, url: provider.keysUrl }
}
