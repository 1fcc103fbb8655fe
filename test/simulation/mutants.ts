/** The engine with one failure rule taken out: a text that stands once in a file, and what stands there without the rule. */
export interface Mutant {
  /** The start of the names of the tests in `rules.test.ts` of which at least one has to fail. */
  readonly rule: string
  readonly what: string
  readonly file: string
  readonly search: string
  readonly replace: string
}

export const MUTANTS: readonly Mutant[] = [
  {
    rule: 'rule 1: killed after it claimed',
    what: 'a live claim keeps nobody away',
    file: 'src/rotation/next.ts',
    search: 'if (claim && claim.until > now && !around.gone(claim.by))',
    replace: 'if (claim && claim.until > now + 1e12)',
  },
  {
    rule: 'rule 1: killed after it claimed',
    what: 'a claim never ends',
    file: 'src/rotation/next.ts',
    search: 'if (claim && claim.until > now && !around.gone(claim.by))',
    replace: 'if (claim && !around.gone(claim.by))',
  },
  {
    rule: 'rule 1: stalled right before it writes a file',
    what: 'the lease is not checked before the rename',
    file: 'src/rotation/deliver.ts',
    search: '      signal.throwIfAborted()\n      await file.replace(',
    replace: '      await file.replace(',
  },
  {
    rule: 'rule 2: the rotator in the inventory',
    what: 'the params come from the present inventory',
    file: 'src/rotation/context.ts',
    search: 'options.handle?.params ?? snapshot.rotator.params',
    replace: 'engine.inventory().secrets.find((s) => s.id === state.secret)?.rotator.params',
  },
  {
    rule: 'rule 2: an output is taken out',
    what: 'the gate is the present inventory alone',
    file: 'src/rotation/gate.ts',
    search: '[...r.snapshot.gate, ...present]',
    replace: '[...present]',
  },
  {
    rule: 'rule 3: killed between mint and put',
    what: 'orphans of earlier claims are not removed',
    file: 'src/rotation/create.ts',
    search: 'if (!rotator.orphans || !rotator.revoke || tokens.length === 0) return 0',
    replace: 'if (tokens.length >= 0) return 0',
  },
  {
    rule: 'rule 3: killed between put and its record',
    what: 'what is stored already is not adopted',
    file: 'src/rotation/create.ts',
    search: 'if (adopted) return refer(work, adopted)',
    replace: 'if (adopted && rotation.tokens.length === 0) return refer(work, adopted)',
  },
  {
    rule: 'rule 4: an orphan that the provider lists hours later',
    what: 'nobody looks again after the close',
    file: 'src/rotation/next.ts',
    search: 'return now - late.sweptAt >= SWEEP_EVERY_MS',
    replace: 'return now < 0',
  },
  {
    rule: 'rule 5: a provider that gives no verdict',
    what: 'no answer counts as a refusal after some times',
    file: 'src/rotation/advance.ts',
    search: 'const retryable = known.retryable || patient ? !(patient && attempts > REFUSALS) : false',
    replace: 'const retryable = known.retryable || patient ? attempts <= REFUSALS : false',
  },
  {
    rule: 'rule 5: a refused admin credential',
    what: 'a refused admin is final',
    file: 'src/rotation/advance.ts',
    search: 'const retryable = known.retryable || patient ?',
    replace: "const retryable = known.code !== 'ADMIN_REJECTED' && (known.retryable || patient) ?",
  },
  {
    rule: 'rule 6: set took effect',
    what: 'nobody asks which of the two values works',
    file: 'src/rotation/steps.ts',
    search: 'if (work.rotation.snapshot.overlap || work.signal.aborted) throw error',
    replace: 'throw error',
  },
  {
    rule: 'rule 6: the new value is accepted and the old one still is',
    what: 'a test looks at the new value alone',
    file: 'src/rotation/steps.ts',
    search: 'if (isNew.ok && !isOld) return',
    replace: 'if (isNew.ok) return',
  },
  {
    rule: 'rule 7: somebody uses the user that should rest',
    what: 'what needs a person is undone instead',
    file: 'src/rotation/machine.ts',
    search: "code === 'NEEDS_PERSON' || standing === 'both'",
    replace: "standing === 'both'",
  },
  {
    rule: 'rule 8: stalled between the lease check and the rename',
    what: 'the lock is let go before the file is read',
    file: 'src/rotation/deliver.ts',
    search: "return engine.files.locked(output.target, signal, async (file) => {\n    const text = await file.read()\n    if (mode === 'look')",
    replace:
      "return engine.files.locked(output.target, signal, async (free) => free).then(async (file) => {\n    const text = await file.read()\n    if (mode === 'look')",
  },
  {
    rule: 'rule 9: somebody wrote the field by hand',
    what: 'a value found in the store is not kept',
    file: 'src/rotation/steps.ts',
    search: 'if (found !== null && !known && found !== noted && (await keepForeign(work, found))) noted = found',
    replace: 'if (rotation.id === null && (await keepForeign(work, found ?? ""))) noted = found',
  },
  {
    rule: 'rule 10: somebody restarts a consumer',
    what: 'no last proof after the grace',
    file: 'src/rotation/gate.ts',
    search: 'if (q.afterAt !== undefined && proof.claimAt < q.afterAt)',
    replace: 'if (q.afterAt === -1)',
  },
  {
    rule: 'rule 10: a proof is as old as its claim',
    what: 'a proof is as old as its record',
    file: 'src/rotation/host.ts',
    search: 'proof: { claimPos: claim.pos, claimAt: claim.at,',
    replace: 'proof: { claimPos: claim.pos, claimAt: at,',
  },
  {
    rule: 'rule 11: an admin key is not ended',
    what: 'nobody looks who uses it',
    file: 'src/rotation/next.ts',
    search: 'if (around.adminInUse)',
    replace: 'if (around.now < 0)',
  },
  {
    rule: 'rule 12: the ledger is lost',
    what: 'unknown versions in the store are no alarm',
    file: 'src/rotation/behind.ts',
    search: 'if (unknown.length === 0) return',
    replace: 'if (unknown.length >= 0) return',
  },
  {
    rule: 'rule 12: a clock behind the last event',
    what: 'a revoke does not look at the clock',
    file: 'src/rotation/next.ts',
    search: 'if (around.now + CLOCK_SLACK_MS < state.lastAt) return',
    replace: 'if (around.now < 0) return',
  },
  {
    rule: 'rule 12: a clock behind the last event',
    what: 'an opening does not look at the clock',
    file: 'src/rotation/open.ts',
    search: 'if (state && now + CLOCK_SLACK_MS < state.lastAt) {',
    replace: 'if (state && now < 0) {',
  },
  {
    rule: 'rule 13: a host stays away',
    what: 'the time to ask never comes',
    file: 'src/rotation/next.ts',
    search: "if (now < until) return { kind: 'wait', until, why: 'proof', missing }\n  const list",
    replace: "if (now < until + 1e15) return { kind: 'wait', until, why: 'proof', missing }\n  const list",
  },
  {
    rule: 'rule 13: a host stays away',
    what: 'compromised waits for proofs for ever',
    file: 'src/rotation/next.ts',
    search: 'if (missing.length > 0 && now < until)',
    replace: 'if (missing.length > 0)',
  },
]
