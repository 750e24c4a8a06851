import { expect, it } from 'vitest';
import { ModhavenError, isNotExist } from '../../src/errors.js';
import { RefsChanged, asLocalFailure, ofListed } from '../../src/vcs/refs-changed.js';
import { GitFailure } from '../../src/vcs/transport/git-exec.js';

it('is an outage that names the repository and what to do, never a fact', () => {
  const cause = new Error('git said');
  const error = new RefsChanged('https://git.corp.test/x.git', cause);
  expect(error).toMatchObject({
    name: 'RefsChanged',
    code: 'HOST_UNREACHABLE',
    cause,
    message: 'cannot read https://git.corp.test/x.git',
    remedy: expect.stringContaining('git fsck') as string,
  });
  expect(isNotExist(error)).toBe(false);
});

it.each(['VERSION_NOT_FOUND', 'REPO_NOT_FOUND'] as const)(
  'is what %s means of something that was listed a moment ago',
  async (code) => {
    const failure = new ModhavenError(code, 'no');
    const url = 'https://git.corp.test/x.git';
    await expect(ofListed(url, Promise.reject(failure))).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
      cause: failure,
    });
  },
);

it('leaves every other answer as it is', async () => {
  const url = 'https://git.corp.test/x.git';
  const failure = new ModhavenError('HOST_TIMEOUT', 'no');
  await expect(ofListed(url, Promise.reject(failure))).rejects.toBe(failure);
  expect(await ofListed(url, Promise.resolve('fetched'))).toBe('fetched');
});

it('is not what git says of a copy on this machine: that is a fault of the disk', () => {
  const killed = new GitFailure('cat-file', undefined, '');
  expect(asLocalFailure(killed, 'https://git.corp.test/x.git')).toMatchObject({
    code: 'STORAGE',
    cause: killed,
  });
  const other = new Error('no');
  expect(asLocalFailure(other, 'https://git.corp.test/x.git')).toBe(other);
});
