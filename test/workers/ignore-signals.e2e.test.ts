import { expect, it } from 'vitest';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

it('has signals ignored from the moment on when it is loaded', async () => {
  const counts = (): number[] => SIGNALS.map((signal) => process.listenerCount(signal));
  const before = counts();
  await import('../../src/workers/ignore-signals.js');
  expect(counts()).toEqual(before.map((count) => count + 1));
});
