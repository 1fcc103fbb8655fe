/**
 * The box a secret value travels in. It prints as `[sensitive]` wherever something tries to show it: string
 * concatenation, `JSON.stringify`, `util.inspect`, a template, an error message, a logger.
 *
 * {@link Sensitive.reveal} is the only way out, and `test/architecture.test.ts` keeps the list of files that may call it.
 */
export class Sensitive<T> {
  // A private field, not a property: inspect, spread, structuredClone and Object.values all miss it.
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  /** The value itself. Whoever calls this answers for where it goes next. */
  reveal(): T {
    return this.#value
  }

  /** A box with something made from the value; the value does not leave in between. */
  map<U>(make: (value: T) => U): Sensitive<U> {
    return new Sensitive(make(this.#value))
  }

  /** A box made from this value and another one. */
  with<O, U>(other: Sensitive<O>, make: (value: T, other: O) => U): Sensitive<U> {
    return new Sensitive(make(this.#value, other.#value))
  }

  /** A yes or no about the value. */
  tells(question: (value: T) => boolean): boolean {
    return question(this.#value)
  }

  toString(): string {
    return '[sensitive]'
  }

  toJSON(): string {
    return '[sensitive]'
  }

  [Symbol.toPrimitive](): string {
    return '[sensitive]'
  }

  // The string form of util.inspect.custom, so that this file imports nothing.
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[sensitive]'
  }
}
