import { expect, it } from 'vitest';
import { parseCommitHash } from '../../src/module/commit-hash.js';

const SHA1 = '0123456789abcdef0123456789abcdef01234567';

it.each([SHA1, 'f'.repeat(64)])('%s is the name of a commit', (text) => {
  expect(parseCommitHash(text)).toBe(text);
});

it.each([
  undefined,
  '',
  SHA1.slice(1),
  `${SHA1}0`,
  SHA1.toUpperCase(),
  `${SHA1}\n`,
  `\n${SHA1}`,
  `${SHA1}\n${SHA1}:evil`,
  `-${SHA1.slice(1)}`,
  'HEAD',
])('%j is none', (text) => {
  expect(parseCommitHash(text)).toBeUndefined();
});
