import { defineConfig } from 'vitest/config'
import { closingLine } from './test/support/closing-line.ts'

export default defineConfig({
  define: { KEYTURN_TEST_BUILD: 'true' },
  test: {
    include: ['test/**/*.test.ts'],
    // Forks: tests change their working directory, their umask and send signals.
    pool: 'forks',
    // One more than the processors of the smallest machine: many tests wait for real servers.
    maxWorkers: 3,
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    reporters: ['default', closingLine()],
    // The first test that needs a server may have to fetch it from the distribution's packages.
    hookTimeout: 180_000,
    testTimeout: 30_000,
    teardownTimeout: 10_000,
  },
})
