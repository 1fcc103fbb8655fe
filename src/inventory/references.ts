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
  const rest = template.replaceAll('{{', '').replaceAll('}}', '')
  for (const found of rest.matchAll(/\{([^{}]*)\}/g)) {
    const inner = found[1] ?? ''
    const [name = '', filter = null, ...more] = inner.split('|')
    const dot = name.lastIndexOf('.')
    const secret = name.slice(0, dot)
    const field = name.slice(dot + 1)
    if (dot < 1 || more.length > 0 || !SECRET_NAME.test(secret) || !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(field)) {
      return { references, fault: 'a reference is written {secret.field} or {secret.field|url}' }
    }
    references.push({ secret, field, filter })
  }
  if (/[{}]/.test(rest.replace(/\{[^{}]*\}/g, ''))) return { references, fault: 'a brace is open or too many; write {{ or }} for a brace itself' }
  return { references, fault: null }
}
