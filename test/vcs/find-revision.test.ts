import { describe, expect, it } from 'vitest';
import { findInRefs, unknownRevision } from '../../src/vcs/find-revision.js';
import { refsOf } from '../support/git/git-names.js';

const A = 'aaaaaaa1'.repeat(5);
const A2 = 'aaaaaaa1'.repeat(4) + 'aaaaaaa2';
const B = 'bbbbbbb1'.repeat(5);
const C = 'ccccccc1'.repeat(5);

const REFS = refsOf([
  ['HEAD', B],
  ['refs/heads/main', B],
  ['refs/heads/v1.0.0', B],
  ['refs/heads/ccccccc1', B],
  ['refs/tags/v1.0.0', A],
  ['refs/tags/v1.0.1', A2],
  ['refs/tags/main2', C],
]);

describe('findInRefs', () => {
  it.each([
    ['a tag', 'v1.0.1', { hash: A2, ref: 'refs/tags/v1.0.1', name: 'v1.0.1' }],
    ['a tag before a branch', 'v1.0.0', { hash: A, ref: 'refs/tags/v1.0.0', name: 'v1.0.0' }],
    ['a branch, named by its hash', 'main', { hash: B, ref: 'refs/heads/main', name: B }],
    ['a branch before a hash', 'ccccccc1', { hash: B, ref: 'refs/heads/ccccccc1', name: B }],
    ['the default branch', 'HEAD', { hash: B, ref: 'HEAD', name: B }],
    ['a whole hash', A2, { hash: A2, ref: 'refs/tags/v1.0.1', name: A2 }],
    ['seven digits, by the first of the refs', 'bbbbbbb', { hash: B, ref: 'HEAD', name: B }],
  ])('finds %s', (_, revision, found) => {
    expect(findInRefs(REFS, revision)).toEqual(found);
  });

  it.each(['ddddddd', 'd'.repeat(40), `${B.slice(0, 12)}0`])(
    'leaves %s, which may be further back, open',
    (hash) => {
      expect(findInRefs(REFS, hash)).toBeUndefined();
    },
  );

  it.each(['nope', 'bbbbbb', 'BBBBBBB1', `${B}0`, '', 'refs/heads/main', 'heads/main', 'bbbbbbb~1'])(
    'refuses %j, which can be nothing',
    (revision) => {
      expect(() => findInRefs(REFS, revision)).toThrow(
        expect.objectContaining({ code: 'VERSION_NOT_FOUND', message: `unknown revision ${revision}` }),
      );
    },
  );

  it('refuses digits that several tips begin with', () => {
    expect(() => findInRefs(REFS, 'aaaaaaa1')).toThrow(
      expect.objectContaining({
        code: 'VERSION_NOT_FOUND',
        message: 'ambiguous revision aaaaaaa1',
        remedy: 'write more digits of the commit hash',
      }),
    );
  });

  it('takes names of 64 digits where the repository has them', () => {
    const long = 'ab'.repeat(32);
    const refs = refsOf({ 'refs/heads/main': long });
    expect(findInRefs(refs, long)?.hash).toBe(long);
    expect(findInRefs(refs, 'cd'.repeat(32))).toBeUndefined();
    expect(() => findInRefs(REFS, long)).toThrow('unknown revision');
  });

  it('knows no HEAD in an empty repository', () => {
    expect(() => findInRefs(new Map(), 'HEAD')).toThrow('unknown revision HEAD');
  });
});

it('says how tags of a directory are spelled', () => {
  expect(unknownRevision('v1.0.0').remedy).toContain('directory/v1.2.3');
});
