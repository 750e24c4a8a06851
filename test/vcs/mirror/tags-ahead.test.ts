import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { BareRepo } from '../../../src/vcs/bare/bare-repo.js';
import { infoObjects, tagDirectories, TagsAhead } from '../../../src/vcs/mirror/tags-ahead.js';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';
import type { Refs } from '../../../src/vcs/objects/refs.js';
import { hashOf, refsOf } from '../../support/git/git-names.js';

const hash = (n: number) => hashOf(n.toString(16).padStart(40, '0'));

/** `main` and so many tags `v1.0.N`, with one tag of another directory. */
function refsWith(tags: number, more: Record<string, string> = {}): Refs {
  const numbers = Array.from({ length: tags }, (_, i) => i + 1);
  return refsOf({
    'refs/heads/main': hash(99_999),
    ...Object.fromEntries(numbers.map((n) => [`refs/tags/v1.0.${n}`, hash(n)])),
    'refs/tags/sub/v1.0.0': hash(88_888),
    ...more,
  });
}

describe('TagsAhead', () => {
  let repo: BareRepo;
  let ahead: TagsAhead;

  beforeEach(async () => {
    repo = new BareRepo({
      dir: path.join(await tempDir('mirror'), 'x.git'),
      env: sealedEnv(),
      timeoutMs: 1_000,
    });
    ahead = new TagsAhead();
  });

  function askFor(count: number, refs: Refs): string[] {
    let along: string[] = [];
    for (let n = 1; n <= count; n += 1) along = ahead.alongWith(repo, [hash(n)], refs);
    return along;
  }

  it('brings nothing along with the first three', () => {
    const refs = refsWith(10);
    expect(askFor(3, refs)).toEqual([]);
    expect(ahead.alongWith(repo, [hash(4)], refs)).toHaveLength(9);
  });

  it('brings the tags of the same directory that are not there, and no branches', async () => {
    await mkdir(path.join(repo.dir, 'refs/modhaven'), { recursive: true });
    for (const n of [1, 2, 3]) await writeFile(path.join(repo.dir, 'refs/modhaven', hash(n)), '');
    expect(askFor(4, refsWith(6))).toEqual([hash(5), hash(6)]);
  });

  it('counts those that wait, and leaves them to the caller', () => {
    const along = ahead.alongWith(repo, [hash(1), hash(2), hash(3), hash(4)], refsWith(6));
    expect(along).toEqual([hash(5), hash(6)]);
  });

  it('takes no build with many modules of one repository for a walk through a list', () => {
    const modules = Array.from(
      { length: 20 },
      (_, n) => [`refs/tags/m${n}/v1.0.0`, hash(1_000 + n)] as const,
    );
    const refs = refsWith(10, Object.fromEntries(modules));
    for (const [, commit] of modules) expect(ahead.alongWith(repo, [commit], refs)).toEqual([]);
    expect(ahead.alongWith(repo, [hash(1), hash(99_999), hash(99_999), hash(99_999)], refs)).toEqual([]);
  });

  it('brings a bounded number at once', () => {
    expect(askFor(4, refsWith(5_000))).toHaveLength(800);
  });

  it('does not try again what did not work, until the refs change', () => {
    const refs = refsWith(10);
    ahead.gaveUp(refs);
    expect(askFor(6, new Map(refs))).toEqual([]);
    expect(ahead.alongWith(repo, [hash(7)], refsWith(11))).toHaveLength(10);
  });
});

it('infoObjects are what leads to the go.mod of each commit', () => {
  expect(infoObjects([hash(1)], '')).toEqual([hash(1), `${hash(1)}:`, `${hash(1)}:go.mod`]);
  expect(infoObjects([hash(1)], 'a/b/').slice(2)).toEqual([
    `${hash(1)}:a`,
    `${hash(1)}:a/b`,
    `${hash(1)}:a/b/go.mod`,
  ]);
});

describe('tagDirectories', () => {
  it('are those of the tags on the commit', () => {
    const refs = refsWith(2, { 'refs/tags/a/b/v2.0.0': hash(1) });
    expect([...tagDirectories(refs, hash(1))]).toEqual(['', 'a/b/']);
    expect([...tagDirectories(refs, hash(99_999))]).toEqual([]);
  });
});
