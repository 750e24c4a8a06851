import { describe, expect, it } from 'vitest';
import {
  parseDefaultBranch,
  parseRefs,
  refsFingerprint,
  tagsOf,
  tagsOn,
  tagsOrigin,
  type Tag,
} from '../../../src/vcs/objects/refs.js';
import { hashOf } from '../../support/git/git-names.js';

const A = hashOf('a'.repeat(40));
const B = hashOf('b'.repeat(40));
const C = hashOf('c'.repeat(40));
const LISTING = [
  'ref: refs/heads/release/1.x\tHEAD',
  `${A}\tHEAD`,
  `${A}\trefs/heads/release/1.x`,
  `${B}\trefs/changes/01/1/1`,
  `${B}\trefs/meta/config`,
  `${B}\trefs/pull/1/head`,
  `${B}\trefs/tags/v1.0.0`,
  `${A}\trefs/tags/v1.0.0^{}`,
  `${C}\trefs/tags/sub/v0.1.0`,
  `${C}\trefs/tags/v0.9.0`,
  '',
].join('\n');

describe('parseRefs', () => {
  it('knows HEAD, branches and tags, annotated ones by their commit', () => {
    expect([...parseRefs(LISTING)]).toEqual([
      ['HEAD', A],
      ['refs/heads/release/1.x', A],
      ['refs/tags/v1.0.0', A],
      ['refs/tags/sub/v0.1.0', C],
      ['refs/tags/v0.9.0', C],
    ]);
  });

  it('passes over what is not a ref that git would let a repository have, and what is not a hash', () => {
    const odd = ['refs/heads/a..b', 'refs/heads/-x y', 'refs/tags/v1\r', 'refs/heads/a.lock', 'refs/heads/'];
    const lines = [
      ...odd.map((name) => `${A}\t${name}`),
      `${A.slice(1)}\trefs/heads/short`,
      `${A}\trefs/heads/-x`,
    ];
    expect([...parseRefs(lines.join('\n')).keys()]).toEqual(['refs/heads/-x']);
  });

  it('finds nothing in an empty repository', () => {
    expect(parseRefs('').size).toBe(0);
  });
});

describe('parseDefaultBranch', () => {
  it('reads the branch that HEAD means', () => {
    expect(parseDefaultBranch(LISTING)).toBe('release/1.x');
    expect(parseDefaultBranch(`${A}\tHEAD\n`)).toBeUndefined();
  });
});

it('tagsOn names the tags of a commit, however often it is asked', () => {
  const refs = parseRefs(LISTING);
  const expected = tagsOf(refs, '').filter(({ hash }) => hash === C);
  for (let n = 0; n < 3; n += 1) expect(tagsOn(refs, C)).toEqual(expected.map(({ name }) => name));
  expect(expected).not.toEqual([]);
  expect(tagsOn(refs, hashOf('f'.repeat(40)))).toEqual([]);
});

it('tagsOn says the same of the first commits it is asked about and of the many after them', () => {
  const ids = Array.from({ length: 20 }, (_, n) => hashOf(n.toString(16).padStart(40, '0')));
  const tags = ids.flatMap((id, n) => [`${id}\trefs/tags/v1.${n}.0`, `${id}\trefs/tags/v1.${n}.1`]);
  const refs = parseRefs(tags.join('\n'));
  for (const [n, id] of [...ids, ...ids].entries()) {
    expect(tagsOn(refs, id)).toEqual([`v1.${n % 20}.0`, `v1.${n % 20}.1`]);
  }
});

describe('tagsOf and tagsOrigin', () => {
  it('sorts by name, below a prefix', () => {
    expect(tagsOf(parseRefs(LISTING), 'v').map((tag) => tag.name)).toEqual(['v0.9.0', 'v1.0.0']);
    expect(tagsOf(parseRefs(LISTING), 'sub/')).toEqual([{ name: 'sub/v0.1.0', hash: C }]);
  });

  it('has a sum that changes with versions and their commits only', () => {
    const sum = (...tags: Tag[]) => tagsOrigin('u', '', tags).TagSum;
    const one = { name: 'v1.0.0', hash: A };
    expect(sum(one, { name: 'nightly', hash: B })).toBe(sum(one));
    expect(sum({ ...one, hash: B })).not.toBe(sum(one));
    expect(sum(one, { name: 'v1.1.0', hash: B })).not.toBe(sum(one));
  });
});

describe('refsFingerprint', () => {
  it('changes with any ref, and not with their order', () => {
    const refs = [...parseRefs(LISTING)];
    const print = refsFingerprint(new Map(refs));
    expect(refsFingerprint(new Map(refs.toReversed()))).toBe(print);
    expect(refsFingerprint(new Map(refs.slice(1)))).not.toBe(print);
  });
});
