import { afterEach } from 'vitest'
import { expectNoCanary } from './canary.ts'
import { takePrinted, watchPrinting } from './printed.ts'

/** Around every test: whatever was printed, by the test's own process or by a program that it ran, holds no canary. */

watchPrinting()

afterEach(() => {
  for (const { from, text } of takePrinted()) expectNoCanary(text, from)
})
