import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { LoginTrials } from '../../src/vcs/try-login.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';

/** `ann` may read all, `bob` nothing but `/open`, the server everything. */
const PASSWORDS: Record<string, string> = { ann: 'ann-pw', bob: 'bob-pw', oauth2: 'server-token' };

describe.skipIf(missing('git'))('a login tried on a repository', () => {
  let host: GitHttpHost;
  let dir: string;
  let home: string;

  beforeAll(async () => {
    const root = await tempDir('trials');
    for (const name of ['open', 'secret']) {
      await (await repo(path.join(root, `${name}.git`))).write({ 'x.go': 'package x\n' }).commit('one');
    }
    host = await gitHttpHost(root, { auth: (user, password) => PASSWORDS[user] === password });
    dir = await tempDir('trials-cwd');
    home = await tempDir('trials-home');
    await mkdir(path.join(home, 'git'), { recursive: true });
    const { host: name } = new URL(host.url);
    await writeFile(
      path.join(home, '.netrc'),
      `machine ${name} login oauth2 password server-token\nmachine 127.0.0.1 login oauth2 password server-token\n`,
    );
    await writeFile(path.join(home, '.gitconfig'), `[credential]\n\thelper = store\n`);
    await writeFile(
      path.join(home, '.git-credentials'),
      `${host.url.replace('://', '://oauth2:server-token@')}\n`,
    );
  });
  afterAll(async () => host.stop());

  function ask(env: NodeJS.ProcessEnv, name: string, username: string, password: string) {
    const settings = () => ({
      timeoutMs: 10_000,
      connectTimeoutMs: 5_000,
      concurrency: 4,
      hosts: new Map([['127.0.0.1', { token: 'server-token' }]]),
    });
    const trials = new LoginTrials({ dir, settings, env: { ...env, HOME: home } });
    return trials.ask(parseRepoUrl(`${host.url}/${name}.git`, '/'), { username, password });
  }

  // A variable of curl leaves everything to a git child.
  const ways = [
    { way: 'from within this process', env: process.env },
    { way: 'by git', env: { ...process.env, GIT_SSL_NO_VERIFY: 'false' } },
  ];

  it.each(ways)('$way: the right one, a wrong one, and never one of the server', async ({ env }) => {
    host.requests.length = 0;
    expect(await ask(env, 'secret', 'ann', 'ann-pw')).toBe('may-read');
    expect(await ask(env, 'secret', 'ann', 'wrong')).toBe('refuses-login');
    expect(await ask(env, 'gone', 'ann', 'ann-pw')).toBe('may-not-read');
    const shown = host.requests.flatMap(({ authorization }) => authorization ?? []);
    const ours = Buffer.from('oauth2:server-token').toString('base64');
    expect(shown).not.toEqual([]);
    expect(shown.filter((header) => header.includes(ours))).toEqual([]);
  });

  it.each(ways)(
    '$way: what the host says of the repository is its answer, an outage is none',
    async ({ env }) => {
      host.setFailure('/secret', 403);
      expect(await ask(env, 'secret', 'bob', 'bob-pw')).toBe('may-not-read');
      host.setFailure('/secret', 500);
      await expect(ask(env, 'secret', 'bob', 'bob-pw')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
      host.setFailure('/secret', undefined);
    },
  );

  it('refuses what would add lines to what a credential helper prints, or is empty', async () => {
    host.requests.length = 0;
    const injected = 'x\nhost=127.0.0.1\nusername=oauth2\npassword=server-token';
    expect(await ask(process.env, 'secret', injected, 'x')).toBe('refuses-login');
    expect(await ask(process.env, 'secret', 'oauth2', '')).toBe('refuses-login');
    expect(host.requests).toEqual([]);
  });
});
