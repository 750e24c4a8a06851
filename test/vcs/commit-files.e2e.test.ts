import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { BareRepo } from '../../src/vcs/bare/bare-repo.js';
import { readContentFile, readRemoteFile } from '../../src/vcs/commit-files.js';
import type { ListedMirror } from '../../src/vcs/commit-history.js';
import { missing } from '../support/requirements.js';
import { listedFiles } from './listed-files.js';
import { commitsIn, errorOf, lab, mirrorDir, text, type Lab } from './lab.js';

describe.skipIf(missing('git'))('the files of a commit', () => {
  let l: Lab;
  beforeEach(async () => {
    l = await lab();
    return async () => l.host.stop();
  });

  it.each(['listFiles', 'readFile', 'archive'] as const)(
    'brings a commit again when the mirror vanished before %s',
    async (method) => {
      const r = await l.open();
      const { hash } = await r.stat('v1.0.0');
      await rm(l.vcsDir, { recursive: true });
      if (method === 'listFiles') {
        const files = await listedFiles(r.listFiles(hash, ''));
        expect(files.map((file) => file.path)).toEqual(['go.mod', 'n.go', 'sub/x.go']);
      } else if (method === 'readFile') {
        expect(String(await r.readFile(hash, 'go.mod'))).toBe('module example.com/foo\n');
      } else {
        expect(await text(r.archive(hash, ''))).toContain('package n // 0');
      }
      expect(await commitsIn(l.vcsDir, 'content.git')).toEqual([hash]);
    },
  );

  it('tells a file that is not there from one that was lost', async () => {
    const r = await l.open();
    const { hash } = await r.stat('v1.0.0');
    expect(await r.readFile(hash, 'nope/go.mod')).toBeUndefined();
    const packs = path.join(await mirrorDir(l.vcsDir), 'content.git/objects/pack');
    for (const name of await readdir(packs)) await rm(path.join(packs, name));
    expect(String(await r.readFile(hash, 'go.mod'))).toBe('module example.com/foo\n');
  });

  it('leaves to content.git what another caller took there', async () => {
    const r = await l.open();
    const { hash } = await r.stat('v1.0.0');
    expect(await r.readFile(hash, 'go.mod')).toBeDefined();
    const dir = await mirrorDir(l.vcsDir);
    const bare = (name: string, filtered: boolean) =>
      new BareRepo({ dir: path.join(dir, name), env: process.env, timeoutMs: 20_000, filtered });
    const fetchTrees = () => Promise.reject(new Error('nothing has to be fetched'));
    const mirror = { content: bare('content.git', false), trees: bare('trees.git', true), fetchTrees };
    const listed = { url: l.url, refs: new Map(), mirror } as unknown as ListedMirror;
    expect(await mirror.trees.objects([hash])).toEqual([undefined]);
    expect(await readRemoteFile(listed, hash, 'go.mod')).toBeUndefined();
    expect(String(await readContentFile(listed, hash, 'go.mod'))).toBe('module example.com/foo\n');
  });

  it('makes an archive fail, and not MODULE_INVALID, when the commit is gone from the host as well', async () => {
    const r = await l.open();
    const { hash } = await r.stat('v1.0.0');
    await rm(l.vcsDir, { recursive: true });
    l.host.setFailure('/', 503);
    expect(await errorOf(text(r.archive(hash, '')))).toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});
