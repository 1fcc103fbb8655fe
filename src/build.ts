/** What the build writes into the program. From source, without a build, nothing is defined. */

declare const KEYTURN_VERSION: string | undefined

/** The version in `package.json`; recorded in every event as the tool's. */
export const VERSION: string = typeof KEYTURN_VERSION === 'string' ? KEYTURN_VERSION : '0.0.0-source'
