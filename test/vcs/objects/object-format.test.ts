import { expect, it } from 'vitest';
import { formatOf, HASH_BYTES } from '../../../src/vcs/objects/object-format.js';

it.each([
  ['a'.repeat(40), 'sha1'],
  ['a'.repeat(64), 'sha256'],
])('%j is of %s', (text, format) => {
  expect(formatOf(text)).toBe(format);
});

it('takes a repository without any object for one of sha1', () => {
  expect(formatOf(undefined)).toBe('sha1');
  expect(HASH_BYTES).toEqual({ sha1: 20, sha256: 32 });
});
