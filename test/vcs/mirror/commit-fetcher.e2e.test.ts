import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { missing } from '../../support/requirements.js';
import { tempDir } from '../../support/tmp.js';
import { codeHost, commitsIn, fileHost, inMirror, lab, oldProtocolHost, text, type Lab } from '../lab.js';

const always = async (): Promise<boolean> => Promise.resolve(true);

describe.skipIf(missing('git'))('CommitFetcher with hosts of all ages', () => {
  let l: Lab;
  beforeEach(async () => {
    l = await lab();
  });
  afterEach(async () => l.host.stop());

  async function readsEverything(address: string): Promise<string> {
    const vcsDir = path.join(await tempDir('cache'), 'vcs');
    const r = await codeHost(vcsDir).open(parseRepoUrl(address, '/'), 0);
    const main = await l.repo.rev('main');
    const { hash } = await r.stat('v1.0.0');
    expect(String(await r.readFile(hash, 'go.mod'))).toBe('module example.com/foo\n');
    expect(await text(r.archive(hash, 'sub'))).toContain('package x\n');
    const middle = await l.repo.rev('v1.1.0');
    expect((await r.stat(middle.slice(0, 10))).hash).toBe(middle);
    expect(await r.recentTag(main, '', always)).toBe('v1.2.0');
    expect(await r.descendsFrom(main, { name: 'v1.0.0', hash })).toBe(true);
    return vcsDir;
  }

  it('reads a host that knows no filters', async () => {
    // Without uploadpack.allowFilter, as every local repository.
    const vcsDir = await readsEverything(l.repo.dir);
    expect(
      await inMirror(vcsDir, 'history.git', 'cat-file', '--batch-all-objects', '--batch-check'),
    ).toContain(' blob ');
  });

  it('reads a host of protocol v0, which hands out no commit by its hash', async () => {
    await using old = await oldProtocolHost(l.host.port);
    // No ref points at this commit.
    const hidden = await l.repo.write({ a: '1' }).commit('hidden');
    await l.repo.write({ a: '2' }).commit('shown');
    const address = `http://127.0.0.1:${old.port}/go/foo.git`;
    await readsEverything(address);
    const r = await codeHost(await tempDir('v0')).open(parseRepoUrl(address, '/'), 0);
    expect(await r.stat(hidden)).toMatchObject({ hash: hidden, tags: [] });
  });

  it('reads a host that only serves files, which knows no depth', async () => {
    await l.repo.git('update-server-info');
    await using files = await fileHost(l.root);
    const vcsDir = await readsEverything(`http://127.0.0.1:${files.port}/go/foo.git`);
    expect(await commitsIn(vcsDir, 'content.git')).toHaveLength(3);
  });
});
