/** What the build writes into the program. From source, without a build, nothing is defined. */

declare const KEYTURN_VERSION: string | undefined
declare const KEYTURN_TEST_BUILD: boolean | undefined

/** The version in `package.json`; recorded in every event as the tool's. */
export const VERSION: string = typeof KEYTURN_VERSION === 'string' ? KEYTURN_VERSION : '0.0.0-source'

/** True only in builds made by the tests. What stands behind it is cut out of a release. */
export const TEST_BUILD: boolean = typeof KEYTURN_TEST_BUILD === 'boolean' && KEYTURN_TEST_BUILD
