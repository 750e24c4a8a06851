import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { withPackLimit } from '../../../src/vcs/transport/pack-limit.js';
import { tempDir } from '../../support/tmp.js';

const remote = parseRepoUrl('https://git.example/foo.git', '/');

async function repoDir(): Promise<{ dir: string; packs: string }> {
  const dir = await tempDir('repo');
  const packs = join(dir, 'objects', 'pack');
  await mkdir(packs, { recursive: true });
  return { dir, packs };
}

/** A command that goes on until it is aborted. */
function endless(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('killed')));
  });
}

describe('a command that receives a pack', () => {
  it('is ended once the pack is larger than the limit, in words', async () => {
    const { dir, packs } = await repoDir();
    const fetching = withPackLimit({ dir, remote, limit: 3 * 1024 * 1024 }, endless);
    fetching.catch(() => undefined);
    for (const name of ['tmp_pack_a', 'tmp_pack_b']) {
      await writeFile(join(packs, name), Buffer.alloc(2 * 1024 * 1024));
    }
    await expect(fetching).rejects.toMatchObject({
      code: 'HOST_REFUSED',
      reason: 'the git host sent more than 3 MiB at once',
    });
  });

  it('is left alone below it, whatever is there already, and fails with its own error', async () => {
    const { dir, packs } = await repoDir();
    await writeFile(join(packs, 'pack-a.pack'), Buffer.alloc(4_000));
    const wait = () => new Promise((resolve) => setTimeout(resolve, 600));
    expect(await withPackLimit({ dir, remote, limit: 2_000 }, async () => (await wait(), 'done'))).toBe(
      'done',
    );
    const failing = withPackLimit({ dir, remote, limit: 2_000 }, () => Promise.reject(new Error('own')));
    await expect(failing).rejects.toThrow('own');
    await expect(
      withPackLimit({ dir: '/nonexistent', remote, limit: 1 }, () => Promise.resolve(1)),
    ).resolves.toBe(1);
  });
});
