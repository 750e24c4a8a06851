import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/vitest/longest-first.js';

/** What starts programs or servers: these folders, and elsewhere what is called `*.e2e.test.ts`. */
const E2E = [
  'test/{bench,chaos,conformance,contract,deploy,docs,e2e,hosts,packaging,soak}/**/*.test.ts',
  'test/**/*.e2e.test.ts',
];

/** Unit tests that set the clock, the environment or a module in place of another: no other file may notice. */
const ALONE = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => path.posix.join('test', name))
  .filter((file) => /\bvi\.(?:mock|useFakeTimers|stub\w+)\(/.test(readFileSync(file, 'utf8')));

const isShuffled = process.argv.some((word) => word.startsWith('--sequence.shuffle'));

const UNIT = {
  globalSetup: ['test/support/vitest/run-dir-setup.ts'],
  // Refuses children, servers and connections.
  setupFiles: ['test/support/vitest/unit-guard.ts'],
  // For a machine that does much else: half a minute was exceeded once.
  testTimeout: 120_000,
};

export default defineConfig({
  test: {
    maxWorkers: 3,
    // For `expect.poll`: a machine that does much else is not a failure.
    expect: { poll: { timeout: 30_000 } },
    // A sequencer of our own has the last word, unless the command line names another order.
    sequence: isShuffled ? {} : { sequencer: LongestFirst },
    // Until a process of tests that is told to end is said to hang: a machine that does much else is not a failure.
    teardownTimeout: 60_000,
    // Compiled once for all projects.
    experimental: { fsModuleCache: true },
    projects: [
      {
        extends: true,
        test: {
          ...UNIT,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...E2E, ...ALONE],
          // To load the program anew for each file would take longer than all tests.
          isolate: false,
        },
      },
      { extends: true, test: { ...UNIT, name: 'unit-alone', include: ALONE, exclude: E2E } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: E2E,
          // They wait more than they compute. Projects with other numbers of processes run one after the other.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          globalSetup: ['test/support/vitest/run-dir-setup.ts', 'test/support/vitest/build-setup.ts'],
          // Real git, sshd, nginx and go are started by these tests: a slow machine is not a failure.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
