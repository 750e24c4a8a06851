import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDirectory, cleanDirectory } from '../../src/module/subdir.js';

describe('checkDirectory', () => {
  it.each(['', '.', 'a', 'a/b', './a//b/', 'a/../b', 'src (1)'.replace(' ', '_')])('takes %j', (text) => {
    expect(checkDirectory(text)).toBeUndefined();
  });

  it.each([
    ['/a', 'begins with a slash'],
    ['a b', 'holds a space'],
    ['-a', 'begins with a dash'],
    ['./-a', 'begins with a dash'],
    ['..', 'leads out of the repository'],
    ['a/../../b', 'leads out of the repository'],
    ['a/b:c', 'invalid char'],
    ['a/nul', 'on Windows'],
  ])('refuses %j: it %s', (text, reason) => {
    expect(checkDirectory(text)).toContain(reason);
  });
});

describe('cleanDirectory', () => {
  it.each([
    ['', ''],
    ['.', ''],
    ['./', ''],
    ['./a//b/../c/', 'a/c'],
  ])('%j is %j', (text, clean) => {
    expect(cleanDirectory(text)).toBe(clean);
  });

  it('changes nothing that is clean, and what is allowed stays inside', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab./]{0,8}$/), (text) => {
        const clean = cleanDirectory(text);
        expect(cleanDirectory(clean)).toBe(clean);
        if (checkDirectory(text) === undefined) expect(clean).not.toMatch(/^\/|(?:^|\/)\.\.(?:\/|$)/);
      }),
    );
  });
});
