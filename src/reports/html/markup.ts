/** Text as markup. Names, owners and messages are other people's text: whatever is in it, it stays text. */

/** What HTML would read, what it forbids, and the signs that turn the direction of everything after them. */
const ODD = /[&<>"']|(?![\t\n\r])\p{Cc}|[\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text for an element or a quoted attribute. What no page can hold becomes U+FFFD. */
export const plain = (text: string): string => text.toWellFormed().replace(ODD, (sign) => ENTITIES[sign] ?? '\ufffd')

/** Outside of this a text may be of a script that runs from the right, and would turn what stands beside it. */
const LEFT_TO_RIGHT = /^[\u0020-\u02ff\u2010-\u2027\u2190-\u22ff]*$/

/** The same for an element, kept apart from its neighbours where its direction may be another one. */
export const foreign = (text: string): string => (LEFT_TO_RIGHT.test(text) ? plain(text) : `<bdi>${plain(text)}</bdi>`)

/** `1 secret`, `1,204 secrets`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${grouped(count)} ${count === 1 ? one : many}`

/** `1204567` as `1,204,567`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')
