/** `git_host`: the git host decides who may read, by the caller's own login, whichever process answers. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask as askRaw, type Answer } from '../../support/ask.js';

const PASSWORDS: Record<string, string> = {
  ann: 'ann-pw',
  bob: 'bob-pw',
  carol: 'carol-pw',
  dave: 'dave-pw',
  erin: 'erin-pw',
  oauth2: 'server-token',
};

const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const ann = basic('ann', 'ann-pw');
const bob = basic('bob', 'bob-pw');

const ways = [
  { name: 'one process', workers: 1 },
  { name: 'two workers', workers: 2 },
];

describe.skipIf(missing('git')).each(ways)('git_host by $name', ({ workers }) => {
  let host: GitHttpHost;
  let server: ModhavenServer;

  const ask = (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    askRaw(server.url, url, { headers, method });

  beforeAll(async () => {
    const root = await tempDir('git-host');
    for (const name of ['core', 'team', 'late']) {
      const made = await repo(path.join(root, `${name}.git`));
      await made.write({ 'go.mod': `module corp.test/${name}\n`, 'x.go': 'package x\n' }).commit('one');
      await made.tag('v1.0.0');
    }
    host = await gitHttpHost(root, { auth: (user, password) => PASSWORDS[user] === password });
    server = await startServer({
      config: {
        workers,
        public_url: 'https://goproxy.corp.test',
        vcs: { hosts: { [new URL(host.url).host]: { token: 'server-token' } } },
        auth: { git_host: true, rules: [{ modules: 'corp.test/ruled', allow: ['authenticated'] }] },
      },
      vanity: `host: corp.test\npaths:\n  /{name}: ${host.url}/{name}.git\n`,
    });
  });
  afterAll(async () => {
    await server.stop();
    await host.stop();
  });

  const shown = (login: { Authorization: string }) =>
    host.requests.filter(({ authorization }) => authorization === login.Authorization).length;

  it('gives a module to whom the host lets read it, asks once a minute, and never shows its own login', async () => {
    for (let round = 0; round < 3; round += 1) {
      for (const url of [
        '/corp.test/core/@v/v1.0.0.zip',
        '/corp.test/core/@v/list',
        '/corp.test/core/@latest',
      ]) {
        const read = await ask(url, ann);
        expect(read.status, url).toBe(200);
        expect(read.headers['cache-control'], url).toMatch(/^private/);
      }
    }
    expect(shown(ann)).toBeGreaterThan(0);
    expect(shown(ann)).toBeLessThanOrEqual(2); // what the host can do, and the refs
    expect((await ask('/corp.test/core/@v/list')).status).toBe(401);
    expect((await ask('/corp.test/core/@v/v1.0.0.zip', basic('oauth2', 'wrong'))).status).toBe(401);
    expect((await ask('/corp.test/ruled/@v/list', ann)).status).toBe(401);
  });

  it('answers no with the same bytes, whether the module exists or not', async () => {
    host.setFailure('/team', 403);
    const texts = new Set<string>();
    for (const name of ['team', 'gone', 'no/such']) {
      for (const file of ['v1.0.0.zip', 'v1.0.0.mod', 'list']) {
        const { status, text, headers } = await ask(`/corp.test/${name}/@v/${file}`, bob);
        expect(status, name).toBe(403);
        expect(headers.etag).toBeUndefined();
        texts.add(text.replaceAll(`corp.test/${name}`, 'M'));
      }
    }
    expect([...texts]).toHaveLength(1);
    expect([...texts][0]).toContain('bob@127.0.0.1 may not read M');
    const wrong = basic('bob', 'nope');
    expect((await ask('/corp.test/core/@v/list', wrong)).status).toBe(401);
    expect((await ask('/corp.test/gone/@v/list', wrong)).status).toBe(401);
  });

  it('shows each visitor in lists what the host lets them read', async () => {
    host.setFailure('/team', 403);
    for (const name of ['core', 'team']) await ask(`/corp.test/${name}/@v/v1.0.0.info`, ann);
    const index = async (login: Record<string, string>) =>
      (await ask('/-/index', login)).text.match(/corp\.test\/\w+/g) ?? [];
    expect(await index({})).toEqual([]);
    expect(await index(ann)).toEqual(['corp.test/core']);
    expect((await ask('/-/index', basic('ann', 'wrong'))).status).toBe(401);
    host.setFailure('/team', undefined);
  });

  it('a search asks about all modules, whatever its words: how long it takes says nothing of hidden ones', async () => {
    const carol = basic('carol', 'carol-pw');
    const found = async (query: string) =>
      JSON.parse((await ask(`/-/modules?format=json&q=${query}`, carol)).text) as {
        total: number;
        complete: boolean;
      };
    expect((await ask('/corp.test/team/@v/v1.0.0.mod', basic('erin', 'erin-pw'))).status).toBe(200); // is stored
    host.setFailure('/team', 403);
    expect(await found('nothing')).toMatchObject({ total: 0, complete: true });
    const before = shown(carol);
    expect(before).toBeGreaterThan(1);
    expect(await found('team')).toMatchObject({ total: 0, complete: true });
    expect(await found('core')).toMatchObject({ total: 1, complete: true });
    expect(shown(carol)).toBe(before);
    host.setFailure('/team', undefined);
  });

  it('a list says that it is not complete where the host does not answer, and the index is refused', async () => {
    const dave = basic('dave', 'dave-pw');
    host.setFailure('/team', 500);
    const list = await ask('/-/modules?format=json', dave);
    expect(JSON.parse(list.text)).toMatchObject({ total: 1, complete: false });
    expect((await ask('/-/modules', { ...dave, Accept: 'text/html' })).text).toContain(
      'so far: a git host has not said yet what else you may read',
    );
    const index = await ask('/-/index', dave);
    expect(index.status).toBe(503);
    expect(index.headers['retry-after']).toBeDefined();
    expect(index.text).toMatch(/^a git host has not said yet which modules you may read\n/);
    host.setFailure('/team', undefined);
  });

  it('is a 502 while the host is down, but for those whose right is still known', async () => {
    expect((await ask('/corp.test/late/@v/v1.0.0.mod', ann)).status).toBe(200);
    host.setFailure('/late', 500);
    expect((await ask('/corp.test/late/@v/v1.0.0.mod', ann)).status).toBe(200);
    const { status, text } = await ask('/corp.test/late/@v/v1.0.0.mod', bob);
    expect(status).toBe(502);
    expect(text).toMatch(/^your right to read this cannot be checked now\n/);
    expect(text).not.toContain('127.0.0.1');
    host.setFailure('/late', undefined);
    expect((await ask('/corp.test/late/@v/v1.0.0.mod', bob)).status).toBe(200);
  });
});
