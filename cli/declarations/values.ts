import type { CommandDeclaration } from '../declare.ts'
import { FIELD, REASON } from './options.ts'

/** Commands that take, give and deliver values. */
export const VALUES: readonly CommandDeclaration[] = [
  {
    name: 'sync',
    operands: '[FILE...]',
    summary: "bring this host's files into line with the store",
    options: [
      { flags: '--check', text: 'write nothing, list what differs, end with status 3 if something does' },
      { flags: '--import NAME', text: 'a value edited by hand becomes the next version', many: true },
      { flags: '--discard NAME', text: 'a value edited by hand is replaced by the one stored', many: true },
      { flags: '--force', text: 'import a value although it is weak' },
    ],
    examples: [
      ['sync', 'write what changed, refresh and prove the consumers'],
      ['sync --check', 'names only: + new, ~ changed, - gone'],
      ['sync --import OPENAI_API_KEY', 'keep the value that somebody put into the file'],
    ],
  },
  {
    name: 'set',
    operands: 'NAME',
    summary: 'give a value: from stdin, a file or a hidden prompt',
    text: ['On a variable that is not in the inventory yet, it is declared. On a known one it is a rotation whose new value is given.'],
    options: [{ flags: '--file FILE', text: 'take the value from a file' }, FIELD, { flags: '--force', text: 'take it although it is weak' }, REASON],
    examples: [
      ['set OPENAI_API_KEY', 'asks for it, hidden'],
      ['set OPENAI_API_KEY < key.txt', 'from a file; one newline at the end is cut off'],
    ],
  },
  {
    name: 'get',
    operands: 'NAME',
    summary: 'print a value',
    options: [{ flags: '--reveal', text: 'needed on a terminal' }, FIELD],
    examples: [['get OPENAI_API_KEY | wc -c', 'into a pipe it needs no --reveal']],
  },
  {
    name: 'rm',
    operands: 'NAME',
    summary: 'take a secret out of the inventory',
    text: ['Its versions stay in the store, its line in your files. Given again after it was ended in the middle, it takes the rest.'],
    options: [REASON],
    examples: [['rm twilio', 'its versions stay in the store for "retain"']],
  },
  {
    name: 'run',
    operands: 'CMD...',
    summary: 'run a command with the variables of the outputs; no value has to be on disk',
    options: [
      { flags: '--managed', text: 'only what comes from the store, no settings' },
      { flags: '--no-mask', text: 'let values through in its output' },
    ],
    examples: [['run -- node server.js', 'values in its output are masked']],
  },
]
