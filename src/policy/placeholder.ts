/** Words that stand where a value belongs, as sample files have them. */

const TELLS_TO_REPLACE =
  /(^|[^a-z])(your|change|replace|insert|enter|fill|put|paste|add|set|use)[-_ ]?(me|it|this|in|your|with|here|now|own|a|the|to)([^a-z]|$)|(^|[^a-z])(your|my)[-_ ]?[a-z0-9]*[-_ ]?(key|secret|token|password|pass|id|account|api|user|username|domain|url)([^a-z]|$)|(^|[_\W])(placeholder|dummy|todo|tbd|redacted|goes[-_ ]here|key[-_]here|(some|a)?[-_ ]?random[-_ ]?(string|value|key|secret|password)\w*)([_\W]|$)|SomeRandom/i

/** Tells the reader to change it, and works until somebody does. */
export const isShippedDefault = (value: string): boolean =>
  /^(please[-_ ]?)?change[-_ ]?(me|it|this)([-_ !.]?(please|now|in[-_ ]production|\d{1,4}))?[!.]?$/i.test(value.trim())

/** Tells the reader to put something else there, so it is no value of anybody's. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim()
  if (text === '') return false
  if (/^<[^<>]+>$/.test(text) || /^\{\{?[^{}$]+\}?\}$/.test(text) || /^\[[A-Za-z][^\][]*\]$/.test(text)) return true
  // Programs that ask each user for a key take these words for that.
  if (/^(user|self)[-_ ]?provided$/i.test(text)) return true
  if (/^(.)\1{2,}$/.test(text) && /^[x*.#?-]/i.test(text)) return true
  if (/[xX]{5,}|\*{4,}|\.{3,}$/.test(text) && !/[xX]{5,}\w*[0-9][a-z]/.test(text)) return true
  return TELLS_TO_REPLACE.test(text) || /^(y[o]?ur|my)[-_ ]/i.test(text)
}
