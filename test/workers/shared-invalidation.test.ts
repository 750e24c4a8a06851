/** Over channels that are as slow and as separate as those of processes; with real ones: test/e2e/warm.test.ts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LocalInvalidation, type Change } from '../../src/concurrency/invalidation.js';
import { SharedInvalidation } from '../../src/workers/shared-invalidation.js';
import { invalidationContract } from '../contract/invalidation.js';

invalidationContract('the main process and two workers', () => {
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const workers = [new LocalInvalidation(onError), new LocalInvalidation(onError)];
  const tell = async (change: Change): Promise<void> => {
    await Promise.all(
      workers.map(async (worker, i) => {
        await sleep(2 + 3 * i);
        await worker.announce(structuredClone(change));
      }),
    );
  };
  const announcer = new SharedInvalidation(tell, onError);
  return { announcer, processes: [announcer, ...workers], errors };
});

describe('SharedInvalidation', () => {
  it('does not reject when the workers cannot be told, and says so', async () => {
    const errors: unknown[] = [];
    const shared = new SharedInvalidation(
      () => Promise.reject(new Error('gone')),
      (error) => errors.push(error),
    );
    await shared.announce({ before: 1 });
    await shared.settled();
    expect(errors.map(String)).toEqual(['Error: gone']);
  });
});
