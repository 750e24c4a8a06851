import { describe, expect, it } from 'vitest';
import { config, git, lines, localPath } from '../../../src/vcs/names/git-words.js';
import { NotAName, treePath } from '../../../src/vcs/names/object-name.js';
import { HEAD } from '../../../src/vcs/names/ref-name.js';
import { type runGit } from '../../../src/vcs/transport/git-exec.js';
import { hashOf } from '../../support/git/git-names.js';

const A = hashOf('a'.repeat(40));
const B = hashOf('b'.repeat(40));

describe('git', () => {
  it('reads words and names', () => {
    expect(git`merge-base --is-ancestor -- ${A} ${B}`).toEqual(['merge-base', '--is-ancestor', '--', A, B]);
    expect(git`for-each-ref --count=${1} --contains=${A} refs/heads`).toEqual([
      ...['for-each-ref', '--count=1', `--contains=${A}`, 'refs/heads'],
    ]);
    expect(git`${HEAD}:${HEAD} ${A}^{commit}`).toEqual(['HEAD:HEAD', `${A}^{commit}`]);
  });

  it('takes lists of words, also empty ones, between spaces', () => {
    expect(git`${config({ a: 'b' })} fetch ${[]} ${git`--prune --force`} ${git`x`}`).toEqual([
      ...['-c', 'a=b', 'fetch', '--prune', '--force', 'x'],
    ]);
    expect(git``).toEqual([]);
  });

  it('keeps a name one word, whatever is in it', () => {
    expect(git`archive --end-of-options ${A} ${treePath('a b/--x $(y)')}`).toEqual([
      ...['archive', '--end-of-options', A, 'a b/--x $(y)'],
    ]);
  });

  it('takes no text that was not parsed', () => {
    const text = 'v1.0.0';
    const command = { cwd: '/', env: {}, timeoutMs: 1 };
    // @ts-expect-error -- a raw text is refused by the type checker
    expect(git`fetch ${text}`).toEqual(['fetch', 'v1.0.0']);
    // @ts-expect-error -- and so are raw arguments
    const raw: Parameters<typeof runGit> = [{ ...command, args: ['fetch', text] }];
    // @ts-expect-error -- and raw standard input
    const input: Parameters<typeof runGit> = [{ ...command, args: git`fetch`, input: text }];
    expect([raw, input]).toHaveLength(2);
  });
});

it('config writes options as git takes them, in their order', () => {
  expect(config({ 'a.b': '1', c: 'x y' })).toEqual(['-c', 'a.b=1', '-c', 'c=x y']);
  expect(config({})).toEqual([]);
});

it('lines are hashes, one a line', () => {
  expect(lines([A, B])).toBe(`${A}\n${B}\n`);
});

it('localPath takes absolute paths alone', () => {
  expect(localPath('/data/vcs/x')).toBe('/data/vcs/x');
  for (const text of ['', 'x', './x', '-x']) expect(() => localPath(text)).toThrow(NotAName);
});
