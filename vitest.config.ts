import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';

/** What starts programs or servers: these folders, and elsewhere what is called `*.e2e.test.ts`. */
const E2E = [
  'test/{bench,chaos,conformance,contract,deploy,docs,e2e,hosts,packaging,soak}/**/*.test.ts',
  'test/**/*.e2e.test.ts',
];

export default defineConfig({
  test: {
    // The tests of e2e wait more than they compute.
    maxWorkers: 3,
    // For `expect.poll`; a machine that does much else is no failure.
    expect: { poll: { timeout: 30_000 } },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: E2E,
          globalSetup: ['test/support/run-dir-setup.ts'],
          // Refuses children, servers and connections.
          setupFiles: ['test/support/unit-guard.ts'],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: E2E,
          globalSetup: ['test/support/run-dir-setup.ts', 'test/support/build-setup.ts'],
          // Real git, sshd, nginx and go are started by these tests: a slow machine is not a failure.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
