import { CATALOGUE } from '../src/policy/catalogue.ts'
import { COVERS, RULES, type RuleName } from '../src/policy/rules.ts'

/** `docs/policy.md`: the rules in their order, from `src/policy/catalogue.ts`, among what else there is to know of policy. */
export function renderPolicy(): string {
  const names = Object.keys(RULES) as RuleName[]
  const rows = names.map((name) => {
    const { severity, finds, limit, mend, accept } = CATALOGUE[name]
    return `| \`${name}\` | ${severity.join(', ')} | ${finds} | ${limit ?? ''} | ${mend} | ${accept ? 'yes' : 'no'} |`
  })
  const covered = Object.entries(COVERS).map(
    ([name, others]) =>
      `One for \`${name}\` covers ${others
        .filter((other) => other !== name)
        .map((other) => `\`${other}\``)
        .join(', ')} too.`,
  )
  return `${BEFORE}| rule | severity | finds | limit | what to do | accept |
|---|---|---|---|---|---|
${rows.join('\n')}

${AFTER.replace('COVERS', covered.join(' '))}`
}

const BEFORE = `<!-- Generated from src/policy/catalogue.ts by "npm run docs". -->

# Policy: what is wrong, and when it is due

\`secrets status\` judges every secret by rules. A rule sees the inventory, what the ledger recorded, and the time; it never sees a value. What it needs to
know of a value (length, estimated entropy, why it is known to be weak, a fingerprint) was recorded once, when the version was first seen, and is recorded again by
\`secrets doctor\` when a newer Keyturn knows more.

## States

A secret's state is the worst thing found, in this order:

| state | means |
|---|---|
| \`attention\` | a rotation waits for a person; nothing more is written at the provider meanwhile |
| \`violation\` | the value itself must not stay: published default, weak, short, shared, used before, or missing though a rule of yours asks for it |
| \`overdue\` | older than \`max_age\`, or nobody knows how old |
| \`due\` | the overlap has to begin now to end before \`max_age\` |
| \`rotating\` | a rotation is open and goes on by itself |
| \`ok\` | none of these |

\`secrets report --fail-on STATE\` ends with 3 if a secret is in that state or in one above it.

## Rules

`

const AFTER = `\`DUE\` is the day from which on its age makes a secret due. \`now\` stands where the value must not stay (a violation), or where nobody knows its age; \`-\` where there is no
value yet; \`never\` where it is never rotated. **Age, and the day on which its provider ends it, alone decide what \`secrets rotate\` without names, and so a timer, rotates**: a changed policy or a value found in a list must not
drop calls at night. A violation waits for your word, \`secrets rotate NAME\`; until then \`secrets rotate\` names it each time.

\`AGE\` of \`>=12d\` means that the value is at least as old as that: a commit or a file has it since then, or it was seen first then. \`?\` means that nobody knows.
\`secrets status NAME\` says where an age is from, \`--json\` in \`ageSource\`:

| \`ageSource\` | the age is |
|---|---|
| \`rotation\` | exact: Keyturn made the value |
| \`provider\` | exact: the provider's own record |
| \`store\` | the store's date of the version |
| \`git\` | at least this: the first commit of the file in which this very value stood |
| \`file\` | at least this: the time of the file that held it |
| \`claimed\` | a person's word: \`adopt --created DATE --evidence TEXT\`, or \`init --created DATE\` |
| \`first-seen\` | at least this: seen first then |
| \`unknown\` | nobody knows, so the secret is overdue |


\`rotator: none\` exempts a secret from age, not from strength. User names and other identifiers (\`username\`, \`client_id\`, \`key_id\` ...) are asked for no strength.

## Exceptions

\`\`\`yaml
accept:
  - { rule: max-age, until: 2027-01-31, reason: "vendor freeze", by: ops }
\`\`\`

An exception ends by itself. Until then its finding is shown as \`info\`, changes no state, and is counted in every report; afterwards the finding is back and says
whose exception ended. COVERS \`attention\` cannot be excepted.

## Rules of your own

\`\`\`yaml
rules:
  - { when: { UVICORN_HOST: not-loopback }, require: [JWT_SECRET] }
  - { when: { HEALTH_ENABLED: ["1", "true"], HEALTH_BIND_HOST: 0.0.0.0 }, require: [HEALTH_API_TOKEN] }
\`\`\`

Where every condition of \`when\` holds, the variables of \`require\` must have a value. Conditions: \`set\` (it stands there and is not empty), \`not-loopback\` (an address that other
machines can reach; a setting that is not there is none), a text, or a list of texts of which it must be one. They are asked of the settings in the outputs of this host; of a secret's variable only whether it is
set is looked at. A variable that no secret has, and that the output does not set either, is named in a sentence below the table.

## Strength

The estimate is the cheapest way to write the value down as random characters, words, repeats, sequences, dates, keyboard walks and names that stand around it: those of the project, the
environment, the host, the variable, and the user name beside it (\`p@ssw0rd\` is the word, at one bit a changed letter). What is then neither weak nor evidently random is compared with 49,000
leaked passwords as well. It is an estimate from above, so length is asked for too. Of a URL with a password the password is judged. Random keys (hexadecimal, base64, UUIDs, \`sk-...\`) never fall below 80 bits;
random values of only 16 characters do in about one of two thousand cases, where chance built a pattern. How it was measured: [decisions/0011](decisions/0011-strength.md).

## Due dates

A value that was born at \`b\` is due at \`b + max_age - rotate_before\` and overdue at \`b + max_age\`. The loader refuses an inventory whose longest wait for the window, \`ask_after\` and
\`grace\` do not fit into \`rotate_before\`: then the old value would outlive its limit.
`
