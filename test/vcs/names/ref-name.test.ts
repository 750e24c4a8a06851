import { describe, expect, it } from 'vitest';
import { commitRef, HEAD, parseRefName } from '../../../src/vcs/names/ref-name.js';
import { hashOf } from '../../support/git/git-names.js';

describe('parseRefName', () => {
  it.each([
    ...['HEAD', 'refs/heads/main', 'refs/tags/v1.0.0', 'refs/tags/sub/v1.0.0-rc.1+build', 'refs/heads/a@b'],
    ...['refs/heads/-x', 'refs/heads/ä', 'refs/heads/@', 'refs/heads/a.locks', 'refs/heads/{x}'],
  ])('takes %j', (text) => {
    expect(parseRefName(text)).toBe(text);
  });

  it.each([
    ...['', 'main', 'v1.0.0', '--upload-pack=touch /tmp/x', '-x', 'head', 'HEAD\n', 'refs/', 'refs/heads/'],
    ...['refs/heads/a\nb', 'refs/heads/a\rb', 'refs/heads/a\0b', 'refs/heads/a\x1b[31m', 'refs/heads/a\x7f'],
    ...['refs/heads/a b', 'refs/heads/a\tb', 'refs/heads/a..b', 'refs/heads/../x', 'refs/heads//a'],
    ...['refs/heads/.a', 'refs/heads/a.', 'refs/heads/a/.b', 'refs/heads/a.lock', 'refs/heads/a.lock/b'],
    ...[
      'refs/heads/a~1',
      'refs/heads/a^{}',
      'refs/heads/a:b',
      'refs/heads/*',
      'refs/heads/a?',
      'refs/heads/[a',
    ],
    ...['refs/heads/a\\b', 'refs/heads/a@{1}', ' refs/heads/a', '+refs/heads/a', '^refs/heads/a'],
  ])('refuses %j', (text) => {
    expect(parseRefName(text)).toBeUndefined();
  });
});

it('names the ref that keeps a commit', () => {
  const hash = hashOf('a'.repeat(40));
  expect(commitRef(hash)).toBe(`refs/modhaven/${hash}`);
  expect([parseRefName(commitRef(hash)), HEAD]).toEqual([commitRef(hash), 'HEAD']);
});
