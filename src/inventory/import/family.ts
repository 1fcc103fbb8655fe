/** What lies beside `.env` under a name like it. */
export interface Relative {
  readonly name: string
  /** `local`: values of the same environment. `environment`: another one's. `copy`: somebody's old one. */
  readonly as: 'local' | 'environment' | 'copy'
  /** How `-e` names it. */
  readonly environment: string | null
}

/** Files for people to copy hold no value of anybody. */
const SAMPLE = /(^|[._-])(example|sample|template|tmpl|dist|defaults?|schema|test-?data|skel)([._-]|$)/i
const COPY = /(\.(bak|backup|old|orig|save|swp|tmp)|~|\.\d{4}-?\d{2}-?\d{2}.*|[._-]copy)$/i
const ENVIRONMENTS: Readonly<Record<string, string>> = {
  prod: 'production',
  production: 'production',
  live: 'production',
  stage: 'staging',
  staging: 'staging',
  preprod: 'staging',
  preview: 'preview',
  dev: 'development',
  devel: 'development',
  development: 'development',
  test: 'test',
  testing: 'test',
  ci: 'ci',
  qa: 'qa',
  uat: 'uat',
}

/** Whether a file of this name is a sample: it is never taken in. */
export const isSampleName = (name: string): boolean => SAMPLE.test(name)

/** The env files among these names that nobody gave, each with what it seems to be. Samples are none. */
export function relativesOf(names: readonly string[], given: ReadonlySet<string>): readonly Relative[] {
  return names
    .filter(
      (name) =>
        !given.has(name) &&
        /^\.env([._-].+|~)$|^[\w-]+\.env$/.test(name) &&
        !isSampleName(name) &&
        !/^\.env\.(keys|vault|enc|sops|age|gpg)$|^\.envrc$/.test(name),
    )
    .sort()
    .flatMap((name): readonly Relative[] => {
      if (COPY.test(name)) return [{ name, as: 'copy', environment: null }]
      const words = name.toLowerCase().split(/[._-]+/)
      const environment = words.map((word) => ENVIRONMENTS[word]).find((one) => one !== undefined) ?? null
      if (environment !== null && environment !== 'production') return [{ name, as: 'environment', environment }]
      if (environment === 'production' && given.has('.env')) return [{ name, as: 'environment', environment }]
      return [{ name, as: 'local', environment: null }]
    })
}

/** One sentence about each, with the command. `given`: what this init takes in, as the command line would name it. */
export function notesOnRelatives(relatives: readonly Relative[], given: readonly string[]): readonly string[] {
  return relatives.map(({ name, as, environment }) => {
    if (as === 'copy') return `${name} looks like an old copy, with the same values in it: delete it, or keep it elsewhere`
    if (as === 'environment') return `${name} is of another environment, and stays out: secrets init ${name} -e ${environment}`
    return `${name} lies beside it, and stays out; to take it in as well: secrets init ${[...given, name].join(' ')}`
  })
}
