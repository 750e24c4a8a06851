/** What a server says of itself, as an admin reads it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, until } from './support/ask.js';
import { gitHttpHost, type GitHttpHost } from './support/hosts/git-http-host.js';
import { startServer, type ModhavenServer } from './support/server.js';
import { tempDir } from './support/tmp.js';

let git: GitHttpHost;
let server: ModhavenServer;
beforeAll(async () => {
  git = await gitHttpHost(await tempDir('repos'));
  git.setFailure('/slow', 'hang');
  server = await startServer({ vanity: { host: 'corp.test', paths: { '/slow': `${git.url}/slow.git` } } });
});
afterAll(async () => {
  await server.stop();
  await git.stop();
});

interface Report {
  version: string;
  vanity: { rules: number };
  queue: { requests: number; clients: { client: string; requests: number }[]; hosts: unknown[] };
  running: { type: string; ms: number; command?: string }[];
}
const report = async () => JSON.parse((await ask(server.url, '/-/status')).text) as Report;

it('knows what runs now and for how long, down to what a git host is asked', async () => {
  const asked = ask(server.url, '/corp.test/slow/@v/list').catch(() => undefined);
  const isAsking = ({ running: now }: Report) => now.some(({ command }) => command === 'ls-refs');
  const { running, vanity, queue } = await until(report, isAsking);
  expect(vanity.rules).toBe(1);
  expect(running).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: 'fetch', source: 'git', kind: 'list', module: 'corp.test/slow' }),
      expect.objectContaining({ type: 'repository', repository: `${git.url}/slow.git` }),
      expect.objectContaining({ type: 'host', host: `127.0.0.1:${git.port}` }),
      expect.objectContaining({ type: 'git', command: 'ls-refs' }),
    ]),
  );
  expect(queue).toEqual({ requests: 1, clients: [{ client: '127.0.0.1', requests: 1 }], hosts: [] });
  for (const { ms } of running) expect(ms).toBeGreaterThanOrEqual(0);
  git.setFailure('/slow', 404);
  await server.stop();
  await asked;
});
