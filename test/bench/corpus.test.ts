import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { goSource, incompressible } from '../../bench/corpus/content.js';
import { moduleOf, REPOS, SMALLS } from '../../bench/corpus/repos.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';

describe('contents', () => {
  it('of binary files are always the same, and do not compress', () => {
    const bytes = incompressible('seed', 100_000);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      '5c0db964eecf8e2afd7ea40fd5209e94c51feb288d64237ed2d2fd4dc362e9c2',
    );
    expect(deflateRawSync(bytes).length).toBeGreaterThan(100_000);
    expect(incompressible('other seed', 100_000).equals(bytes)).toBe(false);
  });

  it('of source files are always the same, and compress as source does', () => {
    const text = goSource('name', 'seed', 4_096);
    expect(createHash('sha256').update(text).digest('hex')).toBe(
      'de43fad8964e92bea82783d733734a98e0ebf85c65f9d3f9acfeed1d44cc42a4',
    );
    const ratio = text.length / deflateRawSync(text).length;
    expect(ratio).toBeGreaterThan(2);
    expect(ratio).toBeLessThan(5);
  });
});

describe.skipIf(missing('git'))('repositories', () => {
  it('have the same commits on every machine', async () => {
    await using r = await repo();
    const [first] = REPOS;
    await first?.build(r, first.name);
    expect(await r.rev('v1.0.0')).toBe('c715d38802a1508c52ded3e55f3c8670dee5d8c4');
    expect(await r.rev('v1.1.0')).toBe('e2b6eab6f9fd3ed42a7a2a7681fe5a8ffaa58bae');
  });

  it('need each other as the nodes of a tree', async () => {
    await using r = await repo();
    const parent = REPOS.find(({ name }) => name === SMALLS[7]);
    await parent?.build(r, parent.name);
    const goMod = await r.git('show', 'v1.0.0:go.mod');
    const needs = [15, 16].map((i) => `require ${moduleOf(SMALLS[i] ?? '')} v1.0.0`);
    expect(goMod.match(/^require .*$/gm)).toEqual(needs);
  });

  it('have as many tagged commits as versions', async () => {
    await using r = await repo();
    const versions = REPOS.find(({ name }) => name === 'versions-10');
    await versions?.build(r, versions.name);
    const tags = (await r.git('for-each-ref', '--format=%(objectname) %(refname:short)', 'refs/tags'))
      .trim()
      .split('\n');
    expect(tags.map((line) => line.split(' ')[1])).toEqual(Array.from({ length: 10 }, (_, i) => `v1.${i}.0`));
    expect(new Set(tags.map((line) => line.split(' ')[0])).size).toBe(10);
  });
});
