import type { CommandDeclaration } from '../declare.ts'

/** Commands that look and change nothing. */
export const LOOK: readonly CommandDeclaration[] = [
  {
    name: 'status',
    operands: '[NAME...]',
    summary: 'age and state of every secret, worst first',
    text: ['NAME is the name of a secret or one of its variables. No value is read: what policy needs to know was recorded when a version was first seen.'],
    options: [{ flags: '--at DATE', text: 'as it would be at another time (2027-01-01, or with a time of day)' }],
    examples: [
      ['status', 'all secrets of this project'],
      ['status openai', 'one secret, with everything found about it'],
      ['status --at 2027-01-01', 'what will be due on that day'],
      ['status --json', 'for a program: keyturn/status@1'],
    ],
  },
  {
    name: 'report',
    operands: '',
    summary: 'the same for others: totals, owners, exceptions',
    options: [
      {
        flags: '--format FORMAT',
        text: 'table, markdown, html, csv or json (default: by the ending of FILE, else table)',
        choices: ['table', 'markdown', 'html', 'csv', 'json'],
      },
      { flags: '--output FILE', text: 'write it to a file that only you can read' },
      { flags: '--fail-on STATE', text: 'end with status 3 when a secret is in this state or a worse one', choices: ['overdue', 'due', 'violation'] },
    ],
    examples: [
      ['report --output report.html', 'one page to mail, print or keep'],
      ['report --format csv > secrets.csv', 'for a spreadsheet'],
      ['report --fail-on overdue', 'for a CI job: status 3 if something is overdue'],
      ['report --json', 'for a program: keyturn/report@1'],
    ],
  },
  {
    name: 'history',
    operands: '[NAME]',
    summary: 'what happened, by whom, why, with which proof',
    options: [
      { flags: '--verify [HEAD]', text: 'walk the chain of hashes, and compare with a head kept elsewhere' },
      { flags: '--head', text: 'print a signed head, to be kept elsewhere' },
    ],
    examples: [
      ['history openai', 'every event of one secret'],
      ['history --head > head.txt', 'keep this on another machine'],
      ['history --verify "$(cat head.txt)"', 'nothing was changed or cut off since'],
      ['history --json', 'export: keyturn/history@1'],
    ],
  },
  {
    name: 'check',
    operands: '[PATH]',
    summary: 'does what holds values stay out of git and images',
    text: [
      'Outputs, env files, keys and state are looked for in git (by its own answer), in every build context of Dockerfiles and compose files (by the rules of Docker), and by mode and owner. It ends with status 3 when something is found. Neither store nor keys are opened.',
      'Values in the git history, in images and in other files are not searched for in this version.',
    ],
    options: [
      { flags: '--fix', text: 'show the lines that ignore files lack, add them, and narrow modes; nothing else is changed' },
      { flags: '--format FORMAT', text: 'text, json or github (default: text)', choices: ['text', 'json', 'github'] },
    ],
    examples: [
      ['check', 'each finding with the command that mends it'],
      ['check --fix', 'adds what .gitignore and .dockerignore lack'],
      ['check --format github', 'annotations of a workflow'],
      ['check --json', 'for a program: keyturn/check@1'],
    ],
  },
  {
    name: 'doctor',
    operands: '',
    summary: 'is everything reachable, permitted and consistent; does anything still run an old value',
    text: ['Everything that reads a file of this host is asked what it holds now, and compared with the store. Nothing is restarted and nothing recorded.'],
    options: [],
    examples: [['doctor', 'each finding with the command that mends it']],
  },
  {
    name: 'schema',
    operands: '',
    summary: 'the JSON Schema of secrets.yaml, for editors',
    options: [],
    examples: [['schema > secrets.schema.json', 'for the editor']],
  },
  {
    name: 'completion',
    operands: 'SHELL [WORD...]',
    values: { SHELL: ['bash', 'zsh', 'fish'] },
    summary: 'print what makes a shell complete commands, options and names',
    text: [
      'The script asks this program at each Tab, so that it knows the secrets and environments of the folder. Names come from the inventory, never a value; outside of a project there are commands and options alone.',
      'With words after "--", it prints what the last of them could become: one a line, a tab, and what it is.',
    ],
    options: [],
    examples: [
      ['completion bash > ~/.local/share/bash-completion/completions/secrets', 'from the next shell on'],
      ['completion zsh > ~/.zfunc/_secrets', 'the same for zsh, with ~/.zfunc in fpath'],
      ['completion fish > ~/.config/fish/completions/secrets.fish', 'the same for fish'],
      ['completion bash -- rotate op', 'what Tab would offer'],
    ],
  },
  {
    name: 'help',
    operands: '[COMMAND]',
    summary: 'this help, or that of a command',
    options: [{ flags: '--all', text: 'every command' }],
    examples: [
      ['help --all', 'every command'],
      ['help rotate', 'one command, with examples'],
    ],
  },
]
