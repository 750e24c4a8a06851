import { expect, it } from 'vitest';
import { NO_LEASE } from '../../src/concurrency/lease.js';

it('works at once where there is no other process', async () => {
  const find = () => Promise.reject(new Error('not asked'));
  expect(await NO_LEASE.run({ name: 'm@v1', group: 'm@v1' }, find, () => Promise.resolve('made'))).toBe(
    'made',
  );
});
