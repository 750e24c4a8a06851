import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { createRepoRoots } from '../../src/modfetch/repo-root.js';
import type { CodeHost, CodeRepo } from '../../src/vcs/types.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

const MAP = parseVanity(
  'host: my.corp\npaths:\n  /g/{path...}: http://h/{path}.git\n  /plain: http://h/plain.git\n',
  '/etc/vanity.yaml',
  { defaultHost: '' },
);

/** A host with some repositories, which notes what it was asked for. */
function fakeHost(repositories: string[], failure?: ModhavenError) {
  const asked: string[] = [];
  const host: CodeHost = {
    open(remote) {
      asked.push(remote.path);
      if (failure !== undefined) return Promise.reject(failure);
      if (repositories.includes(remote.path)) return Promise.resolve({} as CodeRepo);
      return Promise.reject(new ModhavenError('REPO_NOT_FOUND', `no ${remote.path}`));
    },
    problems: () => [],
    refresh: () => Promise.resolve(),
  };
  const finder = createRepoRoots({ candidates: (path) => MAP.candidates(path), host, refreshMs: () => 0 });
  return { finder, asked };
}

describe('createRootFinder', () => {
  it('asks from the longest candidate to the shortest', async () => {
    const { finder, asked } = fakeHost(['/team/lib.git']);
    await expect(finder.find('my.corp/g/team/lib/pkg/deep')).resolves.toMatchObject({
      root: 'my.corp/g/team/lib',
    });
    expect(asked).toEqual(['/team/lib/pkg/deep.git', '/team/lib/pkg.git', '/team/lib.git']);
  });

  it('remembers what is not there', async () => {
    const { finder, asked } = fakeHost(['/team/lib.git']);
    await finder.find('my.corp/g/team/lib/pkg');
    await finder.find('my.corp/g/team/lib/pkg');
    expect(asked).toEqual(['/team/lib/pkg.git', '/team/lib.git', '/team/lib.git']);
  });

  it('says that a path is no repository, and asks no second time', async () => {
    const { finder, asked } = fakeHost([]);
    const expected = {
      code: 'MODULE_NOT_FOUND',
      message: 'not found: my.corp/g/x/y: no repository for this path',
    };
    await expect(finder.find('my.corp/g/x/y')).rejects.toMatchObject(expected);
    await expect(finder.find('my.corp/g/x/y')).rejects.toMatchObject(expected);
    expect(asked).toEqual(['/x/y.git', '/x.git']);
  });

  it('asks once for all who ask at the same time', async () => {
    const { finder, asked } = fakeHost(['/team/lib.git']);
    await Promise.all(Array.from({ length: 20 }, () => finder.find('my.corp/g/team/lib')));
    expect(asked).toEqual(['/team/lib.git']);
  });

  it('never takes an outage for an absence', async () => {
    const { finder } = fakeHost([], new ModhavenError('HOST_TIMEOUT', 'silent'));
    await expect(finder.find('my.corp/g/team/lib')).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
    const again = fakeHost(['/team.git'], undefined);
    await expect(again.finder.find('my.corp/g/team/lib')).resolves.toMatchObject({ root: 'my.corp/g/team' });
  });

  it('leaves rules that say it all alone', async () => {
    const { finder, asked } = fakeHost([]);
    await expect(finder.find('my.corp/plain/pkg')).resolves.toMatchObject({ root: 'my.corp/plain' });
    await expect(finder.find('my.corp/none')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    expect(asked).toEqual([]);
  });
});
