import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BareRepo } from '../../../src/vcs/bare/bare-repo.js';
import { FallbackToGit } from '../../../src/vcs/smart-http/fallback-to-git.js';
import { receivePack } from '../../../src/vcs/smart-http/receive-pack.js';
import { repo } from '../../support/git/git-repo.js';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';
import { objectAt } from '../../../src/vcs/names/object-name.js';

/** A commit with a file that does not compress, and the pack of it that git makes. */
async function packed(bytes: number) {
  const r = await repo();
  const content = randomBytes(bytes);
  const commit = await r.write({ 'a.bin': content }).commit('first');
  const args = ['-C', r.dir, 'pack-objects', '--revs', '--all', '--stdout', '-q'];
  const pack = execFileSync('git', args, { env: sealedEnv(), input: '', maxBuffer: 8 * 1024 * 1024 });
  return { commit, content, pack };
}

async function* pieces(pack: Buffer, failure?: Error): AsyncGenerator<Buffer, undefined> {
  for (let at = 0; at < pack.length; at += 10_000) {
    yield await Promise.resolve(pack.subarray(at, at + 10_000));
  }
  if (failure !== undefined) throw failure;
}

async function receive(bytes: AsyncGenerator<Buffer, undefined>, signal = new AbortController().signal) {
  const dir = path.join(await tempDir('mirror'), 'content.git');
  const mirror = new BareRepo({ dir, env: sealedEnv(), timeoutMs: 30_000 });
  const done = mirror.write('sha1', () => receivePack(mirror, bytes, { partial: false, signal }));
  return { mirror, done };
}

describe.each([
  ['a small pack', 1_000],
  ['a pack for git', 400_000],
])('of %s', (_, size) => {
  it('everything is there afterwards', async () => {
    const { commit, content, pack } = await packed(size);
    const { mirror, done } = await receive(pieces(pack));
    await done;
    expect((await mirror.objects([objectAt(commit, 'a.bin')]))[0]?.content.equals(content)).toBe(true);
  });

  it('nothing is taken where it is cut off or changed', async () => {
    const { commit, pack } = await packed(size);
    const changed = Buffer.from(pack);
    changed[pack.length - 30] = (changed[pack.length - 30] ?? 0) ^ 1;
    for (const bad of [pack.subarray(0, -25), changed]) {
      const { mirror, done } = await receive(pieces(bad));
      await expect(done).rejects.toBeInstanceOf(FallbackToGit);
      expect(await mirror.objects([commit])).toEqual([undefined]);
    }
  });

  it('the failure of the host is told as it is', async () => {
    const { pack } = await packed(size);
    const failure = new Error('the host broke off');
    const { done } = await receive(pieces(pack.subarray(0, -25), failure));
    await expect(done).rejects.toBe(failure);
  });
});
