import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../../src/errors.js';
import type { BareRepo } from '../../../src/vcs/bare/bare-repo.js';
import { isBroken, retryOnCorrupt } from '../../../src/vcs/bare/broken-repo.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';

const DIR = '/cache/vcs/abc/content.git';
const HASH = 'a'.repeat(40);
const failure = (stderr: string, timedOut = false) => new GitFailure('archive', 128, stderr, timedOut);
const CORRUPT = failure(`error: object file ${DIR}/objects/aa/aa is empty`);

describe('isBroken', () => {
  it.each([
    `error: object file ${DIR}/objects/aa/aa is empty`,
    `fatal: loose object ${HASH} (stored in x) is corrupt`,
    `fatal: bad object ${HASH}`,
    `fatal: unable to read ${HASH}`,
    `error: Could not read ${HASH}`,
    'error: inflate: data stream error (incorrect data check)',
    `fatal: not a git repository: '${DIR}'`,
    `fatal: Unable to create '${DIR}/shallow.lock': File exists.`,
    `error: file ${DIR}/objects/pack/pack-ab12.pack is not a GIT packfile`,
  ])('holds for %j', (line) => {
    expect(isBroken(failure(line), DIR)).toBe(true);
    expect(isBroken(new ModhavenError('HOST_UNREACHABLE', 'x', { cause: failure(line) }), DIR)).toBe(true);
  });

  it.each([
    `remote: fatal: bad object ${HASH}`,
    "fatal: not a git repository: '/srv/other.git'",
    'Load key "/k/id": No such file or directory',
    'fatal: early EOF',
    `fatal: bad object ${HASH}\nfatal: Could not read from remote repository.`,
    '',
  ])('does not hold for %j', (line) => {
    expect(isBroken(failure(line), DIR)).toBe(false);
  });

  it('does not hold for git that was killed in the middle, or for other errors', () => {
    expect(isBroken(failure(`fatal: bad object ${HASH}`, true), DIR)).toBe(false);
    expect(isBroken(new Error('bad object'), DIR)).toBe(false);
    expect(isBroken(undefined, DIR)).toBe(false);
  });
});

/** A repository that notes which of its copies were removed. */
function repo() {
  const discarded: unknown[] = [];
  const fake = {
    dir: DIR,
    identity: () => 'the first copy',
    discard: (identity: unknown) => Promise.resolve(void discarded.push(identity)),
  };
  return { repo: fake as unknown as BareRepo, discarded };
}

/** Fails with each of `errors` in turn, then succeeds. */
function work(...errors: Error[]) {
  const left = [...errors];
  return () => {
    const error = left.shift();
    return error === undefined ? Promise.resolve('done') : Promise.reject(error);
  };
}

describe('retryOnCorrupt', () => {
  it('removes a broken repository, the one that was seen, and tries once more', async () => {
    const { repo: of, discarded } = repo();
    expect(await retryOnCorrupt(of, work(CORRUPT))).toBe('done');
    expect(discarded).toEqual(['the first copy']);
  });

  it('removes nothing where the work succeeds, or fails of something else', async () => {
    const { repo: of, discarded } = repo();
    expect(await retryOnCorrupt(of, work())).toBe('done');
    const other = failure('fatal: early EOF');
    await expect(retryOnCorrupt(of, work(other))).rejects.toBe(other);
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    await expect(retryOnCorrupt(of, work(full))).rejects.toMatchObject({ code: 'STORAGE' });
    expect(discarded).toEqual([]);
  });

  it('says that our disk is at fault where a new repository is broken as well', async () => {
    await expect(retryOnCorrupt(repo().repo, work(CORRUPT, CORRUPT))).rejects.toMatchObject({
      code: 'STORAGE',
      reason: expect.stringContaining('is empty') as string,
      cause: CORRUPT,
    });
  });

  it('says what went wrong the second time where that is something else', async () => {
    const down = new ModhavenError('HOST_TIMEOUT', 'x');
    await expect(retryOnCorrupt(repo().repo, work(CORRUPT, down))).rejects.toBe(down);
  });
});
