import { expect, it } from 'vitest';
import { formatOf, HASH_BYTES, isHash } from '../../../src/vcs/objects/object-format.js';

it.each([
  ['a'.repeat(40), 'sha1', true],
  ['a'.repeat(64), 'sha256', true],
  ['A'.repeat(40), 'sha1', false],
  ['g'.repeat(40), 'sha1', false],
  ['a'.repeat(39), 'sha1', false],
  ['a'.repeat(41), 'sha1', false],
  [`${'a'.repeat(40)}\n`, 'sha1', false],
  ['', 'sha1', false],
])('%j is of %s, a whole name: %s', (text, format, whole) => {
  expect([formatOf(text), isHash(text)]).toEqual([format, whole]);
});

it('takes a repository without any object for one of sha1', () => {
  expect(formatOf(undefined)).toBe('sha1');
  expect(HASH_BYTES).toEqual({ sha1: 20, sha256: 32 });
});
