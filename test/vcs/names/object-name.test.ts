import { describe, expect, it } from 'vitest';
import {
  hashAt,
  isHash,
  NotAName,
  objectAt,
  parseHashPrefix,
  treePath,
} from '../../../src/vcs/names/object-name.js';
import { hashOf } from '../../support/git/git-names.js';

const A = 'a'.repeat(40);

describe('isHash', () => {
  it.each([A, 'a'.repeat(64), '0123456789abcdef0123456789abcdef01234567'])('takes %s', (text) => {
    expect(isHash(text)).toBe(true);
  });

  it.each([
    ...['', 'main', 'HEAD', '--help', 'A'.repeat(40), 'g'.repeat(40), 'a'.repeat(39), 'a'.repeat(41)],
    ...[`${A}\n`, `\n${A}`, `${A}\nHEAD`, `${A.slice(1)}\n`, `-${A.slice(1)}`, `${A.slice(1)}\0`, `${A} `],
  ])('refuses %j', (text) => {
    expect(isHash(text)).toBe(false);
  });
});

describe('parseHashPrefix', () => {
  it.each(['abcd', 'a'.repeat(12), A, 'a'.repeat(64)])('takes %s', (text) => {
    expect(parseHashPrefix(text)).toBe(text);
  });

  it.each(['', 'abc', '-abc', 'abcg', 'ABCD', 'abcd\n', 'abcd^', 'abcd..', 'a'.repeat(65), '--help'])(
    'refuses %j',
    (text) => {
      expect(parseHashPrefix(text)).toBeUndefined();
    },
  );
});

describe('objectAt', () => {
  it('is read by git as a file of the commit, or as its root', () => {
    expect(objectAt(hashOf(A), 'sub/go.mod')).toBe(`${A}:sub/go.mod`);
    expect(objectAt(hashOf(A), '')).toBe(`${A}:`);
  });

  it.each(['a\nb', 'a\rb', 'a\0b', 'a\x7f', '/etc/passwd', '..', 'a/../../b'])('refuses %j', (path) => {
    expect(() => objectAt(hashOf(A), path)).toThrow(NotAName);
    expect(() => treePath(path)).toThrow(NotAName);
  });

  it.each(['-x', '..x/y', 'a b', ':(glob)x', 'ä/ö.go', 'a..b'])('takes %j, which a tree may list', (path) => {
    expect(treePath(path)).toBe(path);
  });

  it('takes no text in place of a hash', () => {
    // @ts-expect-error -- a raw text is refused by the type checker
    expect(objectAt('main', 'x')).toBe('main:x');
  });
});

it('hashes are read from bytes', () => {
  const bytes = Buffer.from(`00${A}ff`, 'hex');
  expect(hashAt(bytes, 1, 21)).toBe(A);
});
