import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { readLocalFiles } from '../../src/vcs/read-local.js';
import { lab, mirrorDir } from './lab.js';
import type { CommitHash } from '../../src/module/commit-hash.js';
import { hashOf } from '../support/git/git-names.js';

it('reads what a mirror holds after the host is gone, and knows what it does not', async () => {
  const world = await lab();
  const { vcsDir, host, url } = world;
  const { hash } = await (await world.open()).stat('v1.0.0');
  await (await world.open()).listFiles(hash, '');
  await host.stop();
  const remote = parseRepoUrl(url, '/');
  const read = async (commit: CommitHash, ...paths: string[]) =>
    (await readLocalFiles(vcsDir, remote, commit, paths))?.map((file) => file?.toString());
  expect(await read(hash, 'n.go', 'none', 'sub', 'sub/x.go')).toEqual([
    ...['package n // 0\n', undefined, undefined, 'package x\n'],
  ]);
  expect(await read(hash)).toEqual([]);
  expect(await read(hashOf('f'.repeat(40)), 'n.go')).toBeUndefined();
  expect(
    await readLocalFiles(vcsDir, parseRepoUrl('https://git.corp.test/x.git', '/'), hash, []),
  ).toBeUndefined();
  await rm(await mirrorDir(vcsDir), { recursive: true });
  expect(await read(hash, 'n.go')).toBeUndefined();
});
