import type { CommandDeclaration } from '../declare.ts'
import { REASON } from './options.ts'

/** Commands that replace or end credentials. */
export const ROTATE: readonly CommandDeclaration[] = [
  {
    name: 'rotate',
    operands: '[NAME...]',
    summary: 'replace secrets without an outage',
    text: [
      'A named secret is rotated now; without names, what its age makes due, in its window. What was interrupted is finished first.',
      'What breaks the policy otherwise (a published default, a weak value) is named then, and waits for your word: a timer must not drop calls.',
      'It returns after delivery. The old value stays valid for the grace and is revoked by a later run, after every consumer proved that it holds the new one.',
    ],
    options: [
      { flags: '--dry-run', text: 'show the plan alone: steps, files, consumers, what restarts' },
      { flags: '--all', text: 'every secret that can be rotated, due or not' },
      { flags: '--compromised', text: 'the old value leaked: it is revoked after --wait, proved or not' },
      REASON,
      { flags: '--wait DURATION', text: 'how long to wait for proofs (default with --compromised: 60s)' },
      { flags: '--concurrency N', text: 'how many at once (default: 4)' },
    ],
    examples: [
      ['rotate --dry-run', 'what would be done'],
      ['rotate ari', 'one secret, now'],
      ['rotate --yes', 'what is due, without a question: for a timer'],
      ['rotate openai --compromised --reason "key in a log"', 'ends only after the old key was refused'],
    ],
  },
  {
    name: 'rollback',
    operands: 'NAME',
    summary: 'go back while the previous value still works',
    options: [REASON],
    examples: [['rollback ari', 'the previous password is current again']],
  },
  {
    name: 'approve',
    operands: 'NAME',
    summary: 'vouch for the one step that is stuck',
    options: [{ ...REASON, required: true }],
    examples: [['approve openai --reason "checked by a test call"', 'the rotation goes on']],
  },
  {
    name: 'revoke',
    operands: 'NAME',
    summary: 'end a credential without replacing it',
    options: [
      { flags: '--previous', text: 'the one before the current' },
      { flags: '--version N', text: 'this version' },
      { flags: '--verify', text: 'only prove that it is refused by now' },
      REASON,
    ],
    examples: [
      ['revoke openai --previous', 'kills the old key, asks first'],
      ['revoke openai --verify', 'after it was deleted by hand'],
    ],
  },
  {
    name: 'adopt',
    operands: 'NAME',
    summary: 'tell how old a value is, or which provider key is in use',
    options: [
      { flags: '--created DATE', text: 'when it was made (2026-09-02, or with a time of day; local)' },
      { flags: '--id ID', text: 'what its provider calls it: a text, or the JSON that the rotator gives' },
      { flags: '--previous', text: 'of the value before the current one' },
      { flags: '--evidence TEXT', text: 'how you know: goes into the history' },
    ],
    examples: [['adopt twilio --created 2026-09-02 --evidence "console, API keys page"', 'the age is shown as claimed']],
  },
]
