import { expect, it } from 'vitest';
import { sharedPlaceProblems } from '../../../src/cli/probe/shared-places.js';
import { ModhavenError } from '../../../src/errors.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';

const config = { redis: undefined, vcsConnectTimeoutMs: 1_000 };

it('finds nothing where nothing is shared, and nothing wrong with a bucket that can be used', async () => {
  for (const bucket of [undefined, new MemoryBucket()]) {
    expect(await sharedPlaceProblems(config, { bucket })).toEqual({ problems: [], warnings: [] });
  }
});

it('names a bucket that cannot be used, with cause and remedy', async () => {
  const bucket = new (class extends MemoryBucket {
    override probe() {
      const more = { reason: 'there is no such bucket', remedy: 'make it' };
      return Promise.reject(new ModhavenError('STORAGE', 'the bucket b cannot be used', more));
    }
  })();
  expect(await sharedPlaceProblems(config, { bucket })).toEqual({
    problems: [
      {
        setting: 'store.s3',
        problem: 'the bucket b cannot be used: there is no such bucket',
        remedy: 'make it',
      },
    ],
    warnings: [],
  });
});
