/** Clocks that are wrong: those of two servers that share a cache directory, and one that is set under a running server. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zipHash } from '../../conformance/module-hash.js';
import { commandsIn, gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { settableClock } from '../../support/process/set-clock.js';
import { tempDir } from '../../support/tmp.js';
import { ask, until } from '../../support/ask.js';
import { gateTo, type Gate } from '../../support/relays/gate.js';

const LIST = '/clock.example/lib/@v/list';
const zipOf = (version: string): string => `/clock.example/lib/@v/${version}.zip`;
const DAY_S = 86_400;

describe.skipIf(missing('git', 'faketime'))('a clock that is wrong', () => {
  let lib: GitRepo;
  let git: GitHttpHost;
  let gate: Gate;
  let commits = 0;
  const servers: ModhavenServer[] = [];

  const release = async (version: string): Promise<void> => {
    await lib.write({ 'x.go': `package x // ${(commits += 1)}\n` }).commit(version);
    await lib.tag(version);
  };
  const start = async (dir: string, refresh: string, env: Record<string, string | undefined>) => {
    const server = await startServer({
      dir,
      env,
      config: { refresh },
      vanity: { host: 'clock.example', paths: { '/{name}': `${gate.url}/{name}.git` } },
    });
    servers.push(server);
    return server;
  };

  beforeEach(async () => {
    const root = await tempDir('clock-homes');
    lib = await repo(path.join(root, 'lib.git'));
    await lib.write({ 'go.mod': 'module clock.example/lib\n' }).commit('one');
    for (const version of ['v1.0.0', 'v1.1.0']) await release(version);
    git = await gitHttpHost(root);
    gate = await gateTo(git.port);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
    await gate.stop();
    await git.stop();
  });

  it.each([-120, 120])(
    'of another server on the same disk, %i s off, leaves its holder the lock of a fetch that goes on',
    async (off) => {
      const dir = await tempDir('shared');
      const right = await start(dir, '1h', {});
      const wrong = await start(dir, '1h', (await settableClock(off)).env);
      for (const { url } of [right, wrong]) expect((await ask(url, LIST)).status).toBe(200);
      git.requests.length = 0;
      gate.close();
      const first = ask(wrong.url, zipOf('v1.0.0'));
      await until(
        () => gate.waiting(),
        (count) => count === 1,
      );
      await sleep(3_000); // by then it has renewed its lock, by its own clock
      const second = ask(right.url, zipOf('v1.1.0'));
      await sleep(3_000);
      expect(gate.waiting()).toBe(1);
      gate.open();
      for (const answer of await Promise.all([first, second])) expect(answer.status, answer.text).toBe(200);
      expect(commandsIn(git.requests).filter((command) => command === 'fetch')).toHaveLength(2);
    },
  );

  it('that is set by a day, back or forward, hides no new tag, and nothing is lost', async () => {
    const clock = await settableClock();
    const dir = await tempDir('set');
    const server = await start(dir, '1s', clock.env);
    expect((await ask(server.url, LIST)).text).toBe('v1.0.0\nv1.1.0\n');
    const first = await ask(server.url, zipOf('v1.0.0'));
    for (const [n, off] of [-DAY_S, DAY_S, 0].entries()) {
      await clock.set(off);
      const version = `v1.${n + 2}.0`;
      await release(version);
      const list = await until(
        () => ask(server.url, LIST),
        ({ text }) => text.includes(version),
      );
      expect([list.status, list.text]).toEqual([200, expect.stringContaining(version)]);
      expect(list.headers.warning).toBeUndefined();
      const zip = await ask(server.url, zipOf(version));
      expect([zip.status, zip.status === 200 ? await zipHash(zip.bytes) : zip.text]).toEqual([
        200,
        expect.stringMatching(/^h1:/),
      ]);
      expect((await ask(server.url, zipOf('v1.0.0'))).bytes.equals(first.bytes)).toBe(true);
      expect((await ask(server.url, '/-/readyz')).status).toBe(200);
    }
    const status = JSON.parse((await ask(server.url, '/-/status')).text) as {
      store: { damaged: { count: number } };
    };
    expect(status.store.damaged.count).toBe(0);
    expect(await modhaven(['verify', '--config', server.configFile])).toMatchObject({ code: 0 });
  });
});
