import { expect, it } from 'vitest';
import { gitHostProblems } from '../../../src/cli/probe/git-host-problem.js';
import { parseConfig } from '../../../src/config/load-config.js';
import type { RepoRoots } from '../../../src/modfetch/repo-root.js';
import { parseVanity } from '../../../src/vanity/vanity-file.js';

function problems(auth: string, repo: string) {
  const config = parseConfig(`auth: ${auth}`, '/m.yaml', {});
  const map = parseVanity(`host: corp.test\npaths: { /x: "${repo}" }`, '/v.yaml', { defaultHost: '' });
  return gitHostProblems(config, { vanity: () => map, roots: {} as RepoRoots });
}

it('warns where no host can judge a login', async () => {
  expect(await problems('{ git_host: true }', 'https://git.corp.test/x.git')).toEqual([]);
  expect(await problems('{}', 'git@git.corp.test:x.git')).toEqual([]);
  const [ssh] = await problems('{ git_host: true }', 'git@git.corp.test:x.git');
  expect(ssh).toMatchObject({
    setting: 'auth.git_host',
    problem: expect.stringContaining('any host') as string,
  });
  const [other] = await problems('{ git_host: [gitlab.test] }', 'https://git.corp.test/x.git');
  expect(other?.problem).toContain('on gitlab.test, so no login can be accepted');
});
