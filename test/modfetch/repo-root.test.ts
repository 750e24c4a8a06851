import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { createRepoRoots } from '../../src/modfetch/repo-root.js';
import { GitFailure } from '../../src/vcs/archive.js';
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

describe('createRepoRoots', () => {
  it('takes the longest candidate that the host has', async () => {
    const { finder, asked } = fakeHost(['/team/lib.git']);
    await expect(finder.find('my.corp/g/team/lib/pkg/deep')).resolves.toMatchObject({
      root: 'my.corp/g/team/lib',
    });
    expect(asked).toEqual(['/team/lib/pkg/deep.git', '/team/lib/pkg.git', '/team/lib.git', '/team.git']);
  });

  it('says of a public module that none are passed through, and of a private one that there is no rule', async () => {
    const roots = createRepoRoots({
      candidates: (path) => MAP.candidates(path),
      host: { open: () => Promise.reject(new Error()), problems: () => [], refresh: () => Promise.resolve() },
      refreshMs: () => 0,
      isPublic: (path) => path.startsWith('public.test/'),
    });
    await expect(roots.find('public.test/x')).rejects.toMatchObject({
      code: 'MODULE_NOT_FOUND',
      reason: expect.stringContaining('passes no public modules through') as string,
      remedyBy: 'caller',
    });
    await expect(roots.find('my.corp/nope')).rejects.toMatchObject({ remedyBy: 'admin' });
  });

  it('remembers what is not there', async () => {
    const { finder, asked } = fakeHost(['/team/lib.git']);
    await finder.find('my.corp/g/team/lib/pkg');
    await finder.find('my.corp/g/team/lib/pkg');
    expect(asked).toEqual(['/team/lib/pkg.git', '/team/lib.git', '/team.git', '/team/lib.git']);
  });

  it('asks about the whole path first, and about all others at once only if that is not a repository', async () => {
    const whole = fakeHost(['/team/lib/pkg.git', '/team.git']);
    await expect(whole.finder.find('my.corp/g/team/lib/pkg')).resolves.toMatchObject({
      root: 'my.corp/g/team/lib/pkg',
    });
    expect(whole.asked).toEqual(['/team/lib/pkg.git']);
    const both = fakeHost(['/team/lib.git', '/team.git']);
    await expect(both.finder.find('my.corp/g/team/lib/pkg')).resolves.toMatchObject({
      root: 'my.corp/g/team/lib',
    });
    expect(both.asked).toEqual(['/team/lib/pkg.git', '/team/lib.git', '/team.git']);
  });

  it.each([2, 8, 9, 40, 500])('asks at most %i and at most 8 questions about a path', async (length) => {
    const elements = Array.from({ length }, (_, i) => `e${i}`).join('/');
    const { finder, asked } = fakeHost([]);
    await expect(finder.find(`my.corp/g/${elements}`)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    expect(asked).toHaveLength(Math.min(length, 8));
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked[0]).toBe(`/${elements}.git`);
    expect(asked.at(-1)).toBe('/e0.git');
  });

  it('takes no outage of a longer candidate for its absence', async () => {
    const asked: string[] = [];
    const host: CodeHost = {
      open(remote) {
        asked.push(remote.path);
        if (remote.path === '/a/b.git') return Promise.reject(new ModhavenError('HOST_TIMEOUT', 'silent'));
        if (remote.path === '/a.git') return Promise.resolve({} as CodeRepo);
        return Promise.reject(new ModhavenError('REPO_NOT_FOUND', `no ${remote.path}`));
      },
      problems: () => [],
      refresh: () => Promise.resolve(),
    };
    const finder = createRepoRoots({ candidates: (path) => MAP.candidates(path), host, refreshMs: () => 0 });
    await expect(finder.find('my.corp/g/a/b/c')).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
    expect(asked).toEqual(['/a/b/c.git', '/a/b.git', '/a.git']);
  });

  it('goes on where a candidate is refused, and says that it was where there is nothing else', async () => {
    const refusal = (status: number) =>
      new ModhavenError('HOST_REFUSED', 'refused', {
        cause: new GitFailure('fetch', 128, `The requested URL returned error: ${status}`),
      });
    const host: CodeHost = {
      open({ path }) {
        if (path === '/team/lib.git') return Promise.resolve({} as CodeRepo);
        return Promise.reject(refusal(path.includes('pkg') ? 403 : 401));
      },
      problems: () => [],
      refresh: () => Promise.resolve(),
    };
    const finder = createRepoRoots({ candidates: (path) => MAP.candidates(path), host, refreshMs: () => 0 });
    await expect(finder.find('my.corp/g/team/lib/pkg')).resolves.toMatchObject({
      root: 'my.corp/g/team/lib',
    });
    await expect(finder.find('my.corp/g/other/pkg')).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });

  it('forgets what was not there when a push is announced, or an edit made', async () => {
    const repositories: string[] = [];
    const { finder, asked } = fakeHost(repositories);
    await expect(finder.find('my.corp/g/new')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    repositories.push('/new.git');
    await expect(finder.find('my.corp/g/new')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    finder.forget(parseRepoUrl('http://h/other.git', '/'));
    await expect(finder.find('my.corp/g/new')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    expect(asked).toEqual(['/new.git']);
    finder.forget(parseRepoUrl('http://h/new.git', '/'));
    await expect(finder.find('my.corp/g/new')).resolves.toMatchObject({ root: 'my.corp/g/new' });
  });

  it('says that a path is not a repository, and asks no second time', async () => {
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
