import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { createCodeHost } from '../../src/vcs/code-host.js';
import type { CodeHost } from '../../src/vcs/types.js';
import { commandsIn, gitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { sealedEnv } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const HOUR = 3_600_000;

/** A repository with one commit behind a git host, and a `CodeHost` that knows nothing yet. */
async function scene() {
  const root = await tempDir('refreshed');
  const r = await repo(path.join(root, 'foo.git'));
  await r.write({ 'a.txt': 'a\n' }).commit('first');
  const git = await gitHttpHost(root);
  const host = createCodeHost({
    dir: await tempDir('mirrors'),
    settings: () => ({ timeoutMs: 60_000, connectTimeoutMs: 10_000, concurrency: 4, hosts: new Map() }),
    env: sealedEnv(),
  });
  const url = parseRepoUrl(`${git.url}/foo.git`, '/');
  /** How often the refs were asked for. */
  const questions = () => commandsIn(git.requests).length;
  return { r, git, host, url, questions, [Symbol.asyncDispose]: () => git.stop() };
}

async function tags(host: CodeHost, url: ReturnType<typeof parseRepoUrl>, maxAge: number): Promise<string[]> {
  return (await host.open(url, maxAge)).tags('').list.map(({ name }) => name);
}

describe.skipIf(missing('git'))('CodeHost.refresh', () => {
  it('gives new refs to readers who would take old ones', async () => {
    await using s = await scene();
    expect(await tags(s.host, s.url, HOUR)).toEqual([]);
    await s.r.tag('v1.0.0');
    expect(await tags(s.host, s.url, HOUR)).toEqual([]);
    await s.host.refresh(s.url);
    expect(await tags(s.host, s.url, HOUR)).toEqual(['v1.0.0']);
    expect(s.questions()).toBe(2);
  });

  it('makes readers wait for the refs it asks for, without a question of their own', async () => {
    await using s = await scene();
    await tags(s.host, s.url, HOUR);
    await s.r.tag('v1.0.0');
    const refresh = s.host.refresh(s.url);
    const readers = await Promise.all([1, 2, 3].map(() => tags(s.host, s.url, HOUR)));
    expect(readers).toEqual([['v1.0.0'], ['v1.0.0'], ['v1.0.0']]);
    await refresh;
    expect(s.questions()).toBe(2);
  });

  it('shares no question that began before the call, and one among all that wait', async () => {
    await using s = await scene();
    const before = s.host.open(s.url, HOUR);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([1, 2, 3, 4].map(() => s.host.refresh(s.url)));
    await before;
    expect(s.questions()).toBe(2);
  });

  it('leaves the next reader to ask again when the host fails', async () => {
    await using s = await scene();
    await tags(s.host, s.url, HOUR);
    await s.r.tag('v1.0.0');
    s.git.setFailure('/', 503);
    await expect(s.host.refresh(s.url)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    s.git.setFailure('/', undefined);
    expect(await tags(s.host, s.url, HOUR)).toEqual(['v1.0.0']);
  });
});
