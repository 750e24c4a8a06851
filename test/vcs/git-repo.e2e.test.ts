import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';
import { codeHost, commitsIn, inMirror, lab, mirrorDir, type Lab } from './lab.js';

describe.skipIf(missing('git'))('GitRepo', () => {
  let l: Lab;
  beforeEach(async () => {
    l = await lab();
    return async () => l.host.stop();
  });

  it('brings one commit for a tag, without history, once for fifty readers', async () => {
    const r = await l.open();
    l.asked();
    const found = await Promise.all(Array.from({ length: 50 }, () => r.stat('v1.1.0')));
    expect(l.asked()).toBe(1);
    const hash = await l.repo.rev('v1.1.0');
    expect(new Set(found.map((revision) => revision.hash))).toEqual(new Set([hash]));
    expect(found[0]).toMatchObject({
      name: 'v1.1.0',
      short: hash.slice(0, 12),
      time: new Date('2024-01-02T00:00:00Z'),
      tags: ['v1.1.0'],
      origin: { VCS: 'git', URL: l.url, Hash: hash, Ref: 'refs/tags/v1.1.0' },
    });
    expect(await commitsIn(l.vcsDir, 'content.git')).toEqual([hash]);
    expect(await readdir(await mirrorDir(l.vcsDir))).toEqual(['content.git']);
  });

  it('brings only what is new for a second version', async () => {
    const r = await l.open();
    await r.stat('v1.0.0');
    const before = await objectsIn(l);
    await r.stat('v1.1.0');
    // A commit, its tree and one blob: everything else is that of the first version.
    expect((await objectsIn(l)) - before).toBe(3);
  });

  it('peels an annotated tag', async () => {
    const hash = await l.repo.rev('v1.2.0^{commit}');
    expect(await (await l.open()).stat('v1.2.0')).toMatchObject({ hash, tags: ['v1.2.0'] });
  });

  it('brings history when it is needed, once for each state of the refs', async () => {
    const r = await l.open();
    const old = await l.repo.rev('v1.0.0');
    const next = await l.repo.write({ a: 'b' }).commit('next');
    const r2 = await l.open(0);
    l.asked();
    const yes = async () => Promise.resolve(true);
    expect(await r2.recentTag(next, '', yes)).toBe('v1.2.0');
    expect(await r2.descendsFrom(next, { name: 'v1.0.0', hash: old })).toBe(true);
    expect(await r2.descendsFrom(old, { name: 'x', hash: next })).toBe(false);
    // git asks for refs once more before it fetches all that they lead to.
    expect(l.asked()).toBe(2);
    expect(await inMirror(l.vcsDir, 'history.git', 'rev-list', '--all', '--count')).toBe('4\n');
    const types = await inMirror(l.vcsDir, 'history.git', 'cat-file', '--batch-all-objects', '--batch-check');
    expect(types).not.toMatch(/ (tree|blob) /);
    await r2.recentTag(next, '', yes);
    expect(l.asked()).toBe(0);
    expect(r.asOf).toBeLessThanOrEqual(r2.asOf);
  });

  it('finds a commit that no ref points at, and a HEAD that no branch leads to', async () => {
    const between = await l.repo.write({ a: 'b' }).commit('between');
    await l.repo.write({ a: 'c' }).commit('after');
    const lonely = await l.repo.commit('lonely', { parents: [between] });
    await l.repo.head(lonely);
    await l.repo.git('update-ref', 'refs/heads/main', between);
    const r = await l.open(0);
    expect((await r.stat(between.slice(0, 8))).hash).toBe(between);
    expect((await r.latest()).hash).toBe(lonely);
    expect(await r.recentTag(lonely, '', async () => Promise.resolve(true))).toBe('v1.2.0');
  });

  it('works with two code hosts over one directory', async () => {
    const other = codeHost(l.vcsDir);
    const [a, b] = await Promise.all([l.open(), other.open(parseRepoUrl(l.url, '/'), 0, 'files')]);
    const versions = ['v1.0.0', 'v1.1.0', 'v1.2.0'];
    const found = await Promise.all([a, b].flatMap((r) => versions.map(async (v) => (await r.stat(v)).name)));
    expect(found).toEqual([...versions, ...versions]);
    expect(await inMirror(l.vcsDir, 'content.git', 'fsck', '--no-dangling')).toBe('');
  });

  it('reads a SHA-256 repository', async () => {
    const r = await repo(undefined, { objectFormat: 'sha256' });
    await r.write({ 'go.mod': 'module x\n' }).commit('one');
    await r.tag('v1.0.0');
    const code = codeHost(await tempDir('sha256'));
    const opened = await code.open(parseRepoUrl(r.dir, '/'), 0);
    const { hash, short } = await opened.stat('v1.0.0');
    expect([hash.length, short.length]).toEqual([64, 12]);
    expect(String(await opened.readFile(hash, 'go.mod'))).toBe('module x\n');
  });

  it('reads a bundle', async () => {
    const r = await repo();
    await r.write({ 'go.mod': 'module x\n' }).commit('one');
    await r.tag('v1.0.0');
    const next = await r.write({ a: 'b' }).commit('two');
    const bundle = path.join(await tempDir('bundle'), 'x.bundle');
    await r.git('bundle', 'create', '-q', bundle, '--all', 'HEAD');
    const opened = await codeHost(await tempDir('cache')).open(parseRepoUrl(bundle, '/'), 0);
    const { hash } = await opened.stat('v1.0.0');
    expect(String(await opened.readFile(hash, 'go.mod'))).toBe('module x\n');
    expect(await opened.recentTag(next, '', async () => Promise.resolve(true))).toBe('v1.0.0');
  });
});

async function objectsIn(l: Lab): Promise<number> {
  const list = await inMirror(l.vcsDir, 'content.git', 'cat-file', '--batch-all-objects', '--batch-check');
  return list.trim().split('\n').length;
}
