import { describe, expect, it } from 'vitest';
import { parsePathPatterns, plainSpelling } from '../../src/module/path-patterns.js';

describe('parsePathPatterns', () => {
  it.each([
    { list: 'corp.com', path: 'corp.com', expected: true },
    { list: 'corp.com', path: 'corp.com/a/b', expected: true },
    { list: 'corp.com', path: 'corp.community', expected: false },
    { list: 'corp.com/*', path: 'corp.com', expected: false },
    { list: 'corp.com/*', path: 'corp.com/a', expected: true },
    { list: '*.corp.com', path: 'git.corp.com/x', expected: true },
    { list: '*.corp.com', path: 'corp.com/x', expected: false },
    { list: 'other.com, corp.com/', path: 'corp.com/x', expected: true },
    { list: 'corp.com/v[0-9]', path: 'corp.com/v7/x', expected: true },
    { list: 'corp.com/v[^0-9]', path: 'corp.com/v7/x', expected: false },
    { list: 'corp.com/\\*', path: 'corp.com/a', expected: false },
    { list: '', path: 'corp.com', expected: false },
    { list: ',,', path: 'corp.com', expected: false },
  ])('$list on $path: $expected', ({ list, path, expected }) => {
    expect(parsePathPatterns(list)?.(path)).toBe(expected);
  });

  it.each(['[', 'a[]', 'a\\', '[a-]', 'good.com,[b', 'a.com/x a.com/y', 'b.com,a.com /x'])(
    'refuses the malformed list %s',
    (list) => {
      expect(parsePathPatterns(list)).toBeUndefined();
    },
  );
});

describe('plainSpelling', () => {
  it.each([
    ['corp.com/go/x', 'corp.com/go/x'],
    ['corp.com/Go/X/v2', 'corp.com/go/x/v2'],
    ['corp.com/x.git', 'corp.com/x'],
    ['corp.com/x.GIT.git/sub', 'corp.com/x/sub'],
    ['corp.com/x.wiki.git', 'corp.com/x'],
    ['corp.com/x.github', 'corp.com/x.github'],
  ])('%s: %s', (path, expected) => {
    expect(plainSpelling(path)).toBe(expected);
  });
});
