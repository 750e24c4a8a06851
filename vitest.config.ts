import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Real git, sshd, nginx and go are started by these tests: a slow machine is not a failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
