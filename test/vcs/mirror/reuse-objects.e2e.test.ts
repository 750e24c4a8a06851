import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { BareRepo, holds } from '../../../src/vcs/bare/bare-repo.js';
import { reuseCommit, reuseTrees, takeInventory } from '../../../src/vcs/mirror/reuse-objects.js';
import { git } from '../../../src/vcs/names/git-words.js';
import { objectAt } from '../../../src/vcs/names/object-name.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { mustRun, sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

/** A repository of ours with what `git fetch` brings of the commit, with these flags. */
async function fetched(from: string, commit: string, flags: string[], name: string): Promise<BareRepo> {
  const dir = path.join(await tempDir('mirror'), name);
  const ours = new BareRepo({
    dir,
    env: sealedEnv(),
    timeoutMs: 30_000,
    filtered: flags.length > 1,
  });
  await ours.write('sha1', async () => {
    const target = `${commit}:refs/modhaven/${commit}`;
    await mustRun('git', [
      '--git-dir',
      dir,
      '-c',
      'fetch.unpackLimit=1',
      'fetch',
      '-q',
      ...flags,
      `file://${from}`,
      target,
    ]);
  });
  return ours;
}

async function world() {
  const r = await repo();
  await r.git('config', 'uploadpack.allowFilter', 'true');
  await r.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  const first = await r.write({ 'a.txt': 'one\n', 'b/c.txt': 'two\n' }).commit('first');
  const second = await r.write({ 'a.txt': 'three\n' }).commit('second');
  return { r, first, second };
}

it.skipIf(missing('git'))(
  'packs of a commit with all its files become part of another repository',
  async () => {
    const { r, second } = await world();
    const from = await fetched(r.dir, second, ['--depth=1'], 'trees.git');
    const to = new BareRepo({
      dir: path.join(path.dirname(from.dir), 'content.git'),
      env: sealedEnv(),
      timeoutMs: 30_000,
    });
    await to.write('sha1', () => reuseCommit(from, to, second));
    expect(await holds(to, second)).toBe(true);
    expect(String((await to.objects([objectAt(second, 'a.txt')]))[0]?.content)).toBe('three\n');
    expect(await to.text(git`fsck --no-dangling`)).toBe('');
  },
);

it.skipIf(missing('git'))(
  'takes over no pack without the older ones that hold the rest of its commit',
  async () => {
    const { r, first, second } = await world();
    const from = await fetched(r.dir, first, ['--depth=1'], 'trees.git');
    const packs = path.join(from.dir, 'objects', 'pack');
    const [older = ''] = (await readdir(packs)).filter((name) => name.endsWith('.pack'));
    const fetch = ['-c', 'fetch.unpackLimit=1', 'fetch', '-q', '--depth=1', `file://${r.dir}`, second];
    await mustRun('git', ['--git-dir', from.dir, ...fetch]);
    await rm(path.join(packs, older));
    const to = new BareRepo({
      dir: path.join(path.dirname(from.dir), 'content.git'),
      env: sealedEnv(),
      timeoutMs: 30_000,
    });
    await expect(to.write('sha1', () => reuseCommit(from, to, second))).rejects.toThrow('ENOENT');
    expect(await holds(to, second)).toBe(false);
  },
);

it.skipIf(missing('git'))(
  'says which files of a commit are missing, and takes over the rest of it',
  async () => {
    const { r, first, second } = await world();
    const content = await fetched(r.dir, first, ['--depth=1'], 'content.git');
    const trees = await fetched(r.dir, second, ['--depth=1', '--filter=blob:none'], 'trees.git');
    const { missing: absent, present } = await takeInventory(trees, content, second);
    expect(absent).toEqual([(await r.git('rev-parse', `${second}:a.txt`)).trim()]);
    expect(present.length).toBeGreaterThanOrEqual(2);
    await content.write('sha1', async () => {
      await mustRun('git', ['--git-dir', content.dir, 'fetch', '-q', `file://${r.dir}`, ...absent]);
      await reuseTrees(trees, content, second, present);
    });
    expect(String((await content.objects([objectAt(second, 'a.txt')]))[0]?.content)).toBe('three\n');
    expect(String((await content.objects([objectAt(second, 'b/c.txt')]))[0]?.content)).toBe('two\n');
    expect(await content.text(git`fsck --no-dangling`)).toBe('');
  },
);
