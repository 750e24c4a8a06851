import { LRUCache } from 'lru-cache';
import { expect, it } from 'vitest';
import { atMost } from '../../src/concurrency/at-most.js';

it('bounds a cache by its entries: the least recently used leaves', () => {
  const cache = new LRUCache<string, string>(atMost(3));
  for (const key of ['a', 'b', 'c']) cache.set(key, key);
  cache.get('a');
  cache.set('d', 'd');
  expect([...cache.keys()].sort()).toEqual(['a', 'c', 'd']);
});

it('makes no room before there is something to hold', () => {
  const before = process.memoryUsage();
  const caches = Array.from({ length: 10 }, () => new LRUCache<string, true>(atMost(1_000_000)));
  const after = process.memoryUsage();
  expect(caches.every(({ size }) => size === 0)).toBe(true);
  const taken = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
  expect(taken).toBeLessThan(10 * 2 ** 20); // with `max` it is 280 MB
});
