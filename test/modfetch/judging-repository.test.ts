import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { judgingRepository, type JudgeScope } from '../../src/modfetch/judging-repository.js';
import type { RepoRoots } from '../../src/modfetch/repo-root.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

const map = parseVanity(
  `host: corp.test
paths:
  /local: /srv/local.git
  /ssh: ssh://git@git.corp.test/ssh.git
  /foo: https://git.corp.test/foo.git
  /other: http://old.corp.test:8080/other.git
  /{group}/x/{path...}: https://git.corp.test/{group}/{path}.git
`,
  'vanity.yaml',
  { defaultHost: 'corp.test' },
);

/** The host has the repository `have`, if any. */
function rootsOf(have?: string): RepoRoots {
  return {
    find(path) {
      const found = map.candidates(path).find(({ repos: [repo] }) => repo?.path === have);
      return found === undefined
        ? Promise.reject(new ModhavenError('MODULE_NOT_FOUND', 'no such repository'))
        : Promise.resolve(found);
    },
  };
}

async function judge(module: string | undefined, scope: JudgeScope = 'all', have?: string) {
  const found = await judgingRepository({ vanity: () => map, roots: rootsOf(have) }, module, scope);
  return found && [found.repo.url, found.isOwn];
}

describe('the repository that decides', () => {
  it('is that of the module, also below a pattern', async () => {
    expect(await judge('corp.test/foo/sub')).toEqual(['https://git.corp.test/foo.git', true]);
    expect(await judge('corp.test/team/x/a/b', 'all', '/team/a.git')).toEqual([
      'https://git.corp.test/team/a.git',
      true,
    ]);
  });

  it('is another one that only tells right logins from wrong ones, where there is none that could decide', async () => {
    const standIn = ['https://git.corp.test/foo.git', false];
    expect(await judge('corp.test/made-up')).toEqual(standIn);
    expect(await judge('corp.test/local')).toEqual(standIn);
    expect(await judge('corp.test/ssh')).toEqual(standIn);
    expect(await judge(undefined)).toEqual(standIn);
    expect(await judge('corp.test/team/x/a/b')).toEqual(['https://git.corp.test/team/a/b.git', false]);
  });

  it('is on a host that may decide, if only some may', async () => {
    expect(await judge('corp.test/foo', ['old.corp.test'])).toEqual([
      'http://old.corp.test:8080/other.git',
      false,
    ]);
    expect(await judge('corp.test/other', ['old.corp.test:8080'])).toEqual([
      'http://old.corp.test:8080/other.git',
      true,
    ]);
    expect(await judge('corp.test/foo', ['git.corp.test:443'])).toMatchObject([expect.anything(), true]);
    expect(await judge('corp.test/foo', ['elsewhere.test'])).toBeUndefined();
  });
});
