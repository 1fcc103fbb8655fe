import { SECRET_NAME } from './schema.ts'

/** One `{secret.field|filter}` of a template. */
export interface Reference {
  readonly secret: string
  readonly field: string
  readonly filter: string | null
}

/** What a template of `vars:` refers to, or why it is none. `{{` and `}}` stand for the braces themselves. */
export function templateReferences(template: string): { readonly references: readonly Reference[]; readonly fault: string | null } {
  const references: Reference[] = []
  // From left to right, since "}}}" is the end of a reference and a brace.
  for (const found of template.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g)) {
    const [token, inner] = found
    if (token === '{{' || token === '}}') continue
    if (inner === undefined) return { references, fault: 'a brace is open or too many; write {{ or }} for a brace itself' }
    const [name = '', filter = null, ...more] = inner.split('|')
    const dot = name.lastIndexOf('.')
    const [secret, field] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)]
    if (more.length > 0 || !SECRET_NAME.test(secret) || !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(field)) {
      return { references, fault: 'a reference is written {secret.field} or {secret.field|url}' }
    }
    references.push({ secret, field, filter })
  }
  return { references, fault: null }
}
