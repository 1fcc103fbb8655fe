import type { YAMLError } from 'yaml'

/**
 * A syntax error in words that help. yaml's own messages quote the text around, which may be a value that was pasted: these never do.
 * `opened`: the place to show is where that was opened, not where the file ends.
 */
export function explainSyntax(error: YAMLError): readonly [message: string, hint?: string, opened?: 'quote' | 'bracket'] {
  const text = error.message
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return ['a tab stands where spaces must be', 'indent with spaces']
    case 'BAD_INDENT':
      if (/end with a [\]}]/.test(text)) return ['a bracket is opened and never closed', 'close it with "}" or "]"', 'bracket']
      return ['the indentation does not fit', 'keys of the same map begin in the same column']
    case 'MULTIPLE_DOCS':
      return ['a second document begins here ("---")', 'one file holds one inventory']
    case 'BAD_ALIAS':
      return ['"*" and "&" begin an alias or an anchor', 'put the text in quotes if it is meant as it stands']
    case 'TAG_RESOLVE_FAILED':
    case 'BAD_COLLECTION_TYPE':
      return ['tags ("!name") are not used here', 'put the text in quotes if it is meant as it stands']
    case 'BAD_SCALAR_START':
      return ['a value cannot begin with this character', 'put it in quotes']
    case 'BAD_DQ_ESCAPE':
      return ['this backslash sequence is not known', "write \\\\ for a backslash, or use single quotes: '...'"]
    case 'NON_STRING_KEY':
      return ['a key must be plain text', 'put it in quotes']
    case 'MULTILINE_IMPLICIT_KEY':
    case 'KEY_OVER_1024_CHARS':
      return ['a key without ":" behind it, or text that goes on in the next line', 'write "key: value"']
    case 'BLOCK_AS_IMPLICIT_KEY':
      return ['two values in one line', 'begin a new line, or put the text in quotes if it holds ": "']
    case 'RESOURCE_EXHAUSTION':
      return ['the file is nested too deeply', 'an inventory has a handful of levels']
    case 'MISSING_CHAR':
      if (text.startsWith('Missing closing')) return ['a quote is opened and never closed', 'close it, in the same line if you can', 'quote']
      if (text.startsWith('Implicit map keys')) return ['a key without ":" behind it', 'write "key: value"']
      if (/end with a [\]}]/.test(text)) return ['a bracket is opened and never closed', 'close it with "}" or "]"', 'bracket']
      if (text.startsWith('Comments must')) return ['"#" without a space before it', 'put a space before a comment, or the text in quotes']
      if (text.startsWith('Missing ,')) return ['a comma is missing between two entries', 'write { a: 1, b: 2 } or [a, b]']
      return ['something is missing here', 'is a line half written, or a character lost?']
    default:
      if (/flow (map|collection|sequence)|end of (the )?file/i.test(text)) return ['a bracket or a comma is wrong here', 'write { a: 1, b: 2 } or [a, b]']
      return ['this cannot be read as YAML', 'is a line half written, or text with ": " not in quotes?']
  }
}
