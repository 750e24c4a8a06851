import { describe, expect, it } from 'vitest';
import { streamArchive, type ArchiveOptions } from '../../src/vcs/archive.js';
import { BareRepo } from '../../src/vcs/bare/bare-repo.js';
import { GitFailure } from '../../src/vcs/transport/git-exec.js';
import type { HostLimiter } from '../../src/concurrency/host-limiter.js';
import { repo } from '../support/git/git-repo.js';
import { sealedEnv } from '../support/run.js';
import { text } from './lab.js';

async function world() {
  const r = await repo();
  const commit = await r.write({ 'a.txt': 'one\r\n', 'sub/*': 'two\n', 'sub/b': 'three\n' }).commit('first');
  const asked: unknown[] = [];
  const limiter = {
    run: (host: string, waitMs: number, work: () => Promise<unknown>) => {
      asked.push([host, waitMs]);
      return work();
    },
  } as unknown as HostLimiter;
  const options: ArchiveOptions = {
    content: new BareRepo({ dir: r.dir, env: sealedEnv(), timeoutMs: 30_000 }),
    commit,
    paths: [],
    unchanged: false,
    url: 'https://git.corp.test/x.git',
    limiter,
    waitMs: 7,
    ensure: () => Promise.resolve(void asked.push('ensure')),
  };
  return { options, asked };
}

describe('streamArchive', () => {
  it.each([true, false])('is the tar of a commit, byte for byte (unchanged: %s)', async (unchanged) => {
    const { options, asked } = await world();
    const tar = await text(streamArchive({ ...options, unchanged }));
    expect(tar).toContain('one\r\n');
    expect(tar).toContain('three\n');
    expect(tar.slice(257, 262)).toBe('ustar');
    expect(asked).toEqual(['ensure', ['git archive', 7]]);
  });

  it('holds what is below a path, which is never a pattern', async () => {
    const { options } = await world();
    const tar = await text(streamArchive({ ...options, paths: ['sub/*'] }));
    expect(tar).toContain('two\n');
    expect(tar).not.toContain('three\n');
  });

  it('fails where git fails, and where the commit cannot be had', async () => {
    const { options } = await world();
    await expect(text(streamArchive({ ...options, paths: ['none'] }))).rejects.toBeInstanceOf(GitFailure);
    const down = new Error('the host is down');
    await expect(text(streamArchive({ ...options, ensure: () => Promise.reject(down) }))).rejects.toBe(down);
  });
});
