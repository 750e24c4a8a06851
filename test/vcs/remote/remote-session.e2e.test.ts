import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostLimiter } from '../../../src/concurrency/host-limiter.js';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { BareRepo, holds } from '../../../src/vcs/bare/bare-repo.js';
import { git } from '../../../src/vcs/names/git-words.js';
import { RemoteSession } from '../../../src/vcs/remote/remote-session.js';
import { createSmartHosts } from '../../../src/vcs/smart-http/smart-http.js';
import { createAccountConfig } from '../../../src/vcs/transport/account-config.js';
import { missing } from '../../support/requirements.js';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';
import { errorOf, lab, settingsOf, type Lab } from '../lab.js';

const WORDS = { message: 'the git host cannot be asked now', questions: 'questions', remedy: 'try again' };

async function session(address: string) {
  const dir = await tempDir('session');
  const env = sealedEnv();
  const settings = () => settingsOf({}, { timeoutMs: 20_000 });
  const account = createAccountConfig(env);
  const remote = parseRepoUrl(address, '/');
  const limiter = createHostLimiter(() => 4, WORDS);
  const smart = createSmartHosts(settings, env, account);
  const repo = new BareRepo({ dir: path.join(dir, 'x.git'), env, timeoutMs: 20_000 });
  return { session: new RemoteSession({ remote, dir, settings, env, limiter, smart, account }), repo };
}

describe.skipIf(missing('git'))('RemoteSession', () => {
  let l: Lab;
  beforeAll(async () => {
    l = await lab();
  });
  afterAll(() => l.host.stop());

  it.each([
    ['over http, without git', () => l.url],
    ['of this machine, with git', () => l.repo.dir],
  ])('lists refs, and says when the host is asked: %s', async (_, address) => {
    const asked: number[] = [];
    const { session: remote } = await session(address());
    const { refs, defaultBranch } = await remote.listRefs(() => asked.push(Date.now()));
    expect([...refs.keys()]).toEqual(expect.arrayContaining(['HEAD', 'refs/heads/main', 'refs/tags/v1.2.0']));
    expect([defaultBranch, asked.length > 0]).toEqual(['main', true]);
  });

  it('fetches a commit without git, and one with it', async () => {
    const { session: remote, repo } = await session(l.url);
    const [first, second] = [await l.repo.rev('v1.0.0'), await l.repo.rev('v1.1.0')];
    await repo.write('sha1', async () => {
      expect(await remote.fetchWithoutGit(repo, { commit: first, withoutFiles: false, anew: false })).toBe(
        true,
      );
      await remote.fetch(repo, git`--depth=1`, git`${second}:refs/modhaven/${second}`);
    });
    expect([await holds(repo, first), await holds(repo, second)]).toEqual([true, true]);
  });

  it('explains what goes wrong, with the address of the rule', async () => {
    const { session: remote } = await session(l.url.replace('foo.git', 'nope.git'));
    expect(await errorOf(remote.listRefs(() => undefined))).toMatchObject({
      code: 'REPO_NOT_FOUND',
      remedyBy: 'admin',
    });
    const { session: local } = await session('/nowhere/x.git');
    expect(await errorOf(local.listRefs(() => undefined))).toMatchObject({ code: 'REPO_NOT_FOUND' });
  });

  it('says that a commit is not there in the words for it', async () => {
    const { session: remote, repo } = await session(l.repo.dir);
    const ref = git`refs/tags/v9.9.9:refs/tags/v9.9.9`;
    const work = repo.write('sha1', () => remote.fetch(repo, [], ref));
    expect(await errorOf(work)).toMatchObject({ code: 'VERSION_NOT_FOUND', remedyBy: 'caller' });
  });
});
