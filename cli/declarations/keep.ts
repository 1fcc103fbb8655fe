import type { CommandDeclaration } from '../declare.ts'

/** Commands that set a project up, keep its keys and take it down. */
export const KEEP: readonly CommandDeclaration[] = [
  {
    name: 'init',
    operands: '[FILE...]',
    summary: 'read a .env, propose secrets.yaml, store the values',
    text: [
      'FILE is an env file (default: .env). Compose files, systemd units, manager.conf and ari.conf are looked at where they lie in the folder; name those that lie elsewhere.',
      'Services of a Compose project that read the file become its consumers.',
      'The .env stays byte for byte as it was. What will be written is shown first.',
    ],
    options: [
      { flags: '--dry-run', text: 'show what would be done alone' },
      { flags: '--created DATE', text: 'when the values were made, if you know (shown as claimed)' },
      { flags: '--explain', text: 'why each variable was taken for a secret or a setting' },
      { flags: '--recovery-key-file FILE', text: 'write the recovery key there (needed with --yes to have one)' },
      { flags: '--store KIND', text: 'where the values go (default: local, the embedded store)', choices: ['local', 'vault', 'aws'] },
      { flags: '--address URL', text: 'of Vault (default: VAULT_ADDR), or of an AWS endpoint of your own' },
      { flags: '--mount NAME', text: 'where the KV engine of Vault is mounted (default: secret)' },
      { flags: '--namespace NAME', text: 'of Vault' },
      { flags: '--region NAME', text: 'of AWS (default: AWS_REGION, or that of the profile)' },
      { flags: '--prefix TEXT', text: 'stands before the name of every secret at AWS' },
    ],
    examples: [
      ['init .env', 'start here'],
      ['init --dry-run --explain', 'look first'],
      ['init --store vault --address https://vault.example.org:8200', 'the values go to a Vault; no key is needed'],
      ['init .env /etc/systemd/system/agent.service /etc/asterisk/manager.conf', 'with what lies elsewhere'],
    ],
  },
  {
    name: 'identity',
    operands: 'ACTION [RECIPIENT]',
    values: { ACTION: ['show', 'verify', 'add', 'remove'] },
    summary: 'who can open the embedded store: show, verify, add, remove',
    options: [{ flags: '--recovery-key-file FILE', text: 'open the store with this key' }],
    examples: [
      ['identity show', 'the recipients'],
      ['identity verify', 'the recovery key still opens the store'],
      ['identity add age1...', 'another machine or person'],
    ],
  },
  {
    name: 'backup',
    operands: '[FILE]',
    summary: 'one encrypted file with store, ledger and inventory',
    options: [],
    examples: [['backup keyturn.backup', 'opens with any of the recipients']],
  },
  {
    name: 'restore',
    operands: '[FILE]',
    summary: 'rebuild the state from a backup, or from the store',
    options: [{ flags: '--recovery-key-file FILE', text: 'open it with this key' }],
    examples: [
      ['restore keyturn.backup', 'on a new machine'],
      ['restore', 'rebuild the ledger from the store'],
    ],
  },
  {
    name: 'eject',
    operands: '',
    summary: 'write plain files and take everything of ours away',
    options: [
      { flags: '--original', text: 'the file as it was before init' },
      { flags: '--no-backup', text: 'keep no encrypted copy of store and history' },
      { flags: '--dry-run', text: 'show what would be done alone' },
    ],
    examples: [['eject --dry-run', 'what would go']],
  },
]
