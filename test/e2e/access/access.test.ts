/** Who may read what: every way to content asks the gate, whichever process answers. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask as askRaw, until, type Answer } from '../../support/ask.js';

const SOON = 30_000;

function ask(
  base: string,
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return askRaw(base, url, { headers, method });
}

const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const ann = basic('ann', 'right');
const bob = basic('bob', 'right');

const ways = [
  { name: 'one process', workers: 1 },
  { name: 'two workers', workers: 2 },
];

describe.skipIf(missing('git')).each(ways)('access by $name', ({ workers }) => {
  let server: ModhavenServer;
  let token: Record<string, string>;
  const config = {
    vanity: './vanity.yaml',
    workers,
    public_url: 'https://goproxy.corp.test:8443',
    trust_proxy: ['127.0.0.2'],
    audit: './audit.jsonl',
    auth: {
      htpasswd_file: './users',
      groups_file: './groups',
      tokens_file: './tokens.yaml',
      rules: [
        { modules: 'corp.test/secret', allow: ['group:core', 'user:ci'] },
        { modules: 'corp.test/*', allow: ['authenticated'] },
      ],
    },
  };

  beforeAll(async () => {
    const root = await tempDir('access');
    for (const name of ['secret', 'open']) {
      const made = await repo(path.join(root, `${name}.git`));
      await made.write({ 'go.mod': `module corp.test/${name}\n`, 'x.go': 'package x\n' }).commit('one');
      await made.tag('v1.0.0');
    }
    const dir = await tempDir('server');
    const hash = bcrypt.hashSync('right', 4);
    await writeFile(path.join(dir, 'users'), `ann:${hash}\nbob:${hash}\n`);
    await writeFile(path.join(dir, 'groups'), 'ann: core\nbob: docs\n');
    await writeFile(path.join(dir, 'tokens.yaml'), '');
    await writeFile(path.join(dir, 'modhaven.yaml'), JSON.stringify(config));
    const added = await modhaven(['token', 'add', 'ci', '--config', path.join(dir, 'modhaven.yaml')]);
    expect(added).toMatchObject({ code: 0 });
    token = basic('anything', added.stdout.split('\n', 1)[0] ?? '');
    server = await startServer({
      dir,
      config,
      vanity: `host: corp.test\npaths:\n  /{name}: ${root}/{name}.git\n`,
    });
  });
  afterAll(async () => server.stop());

  const secret = '/corp.test/secret/@v';
  const content = [
    `${secret}/list`,
    `${secret}/v1.0.0.info`,
    `${secret}/v1.0.0.mod`,
    `${secret}/v1.0.0.zip`,
    '/corp.test/secret/@latest',
    `${secret}/main.info`,
  ];

  it('gives a module to those whom a rule allows, and only to them, cold and warm', async () => {
    for (let round = 0; round < 3; round += 1) {
      for (const url of content) {
        expect((await ask(server.url, url)).status, `${url} for anyone`).toBe(401);
        expect((await ask(server.url, url, bob)).status, `${url} for bob`).toBe(403);
        expect(
          (await ask(server.url, url, basic('ann', 'wrong'))).status,
          `${url} for a wrong login`,
        ).toBeOneOf([401, 429]);
        const read = await ask(server.url, url, ann);
        expect(read.status, `${url} for ann`).toBe(200);
        expect(read.headers['cache-control']).toMatch(/^private/);
        expect((await ask(server.url, url, token)).status, `${url} for the token`).toBe(200);
      }
    }
  });

  it.each(['HEAD', 'GET'])(
    'refuses %s and ranges as well, with the same bytes whether the module exists or not',
    async (method) => {
      for (const [one, other] of [
        [`${secret}/v1.0.0.zip`, `${secret}/v9.9.9.zip`],
        ['/corp.test/secret/@v/list', '/corp.test/secret/sub/@v/list'],
      ] as const) {
        for (const headers of [{}, { Range: 'bytes=0-1' }]) {
          const [here, gone] = await Promise.all(
            [one, other].map((url) => ask(server.url, url, { ...bob, ...headers }, method)),
          );
          expect(here?.status).toBe(403);
          expect(gone?.status).toBe(403);
          expect(here?.headers.etag).toBeUndefined();
          expect(here?.headers['cache-control']).toBe('no-store');
          const plain = (text = '') => text.replaceAll('/sub', '');
          expect(plain(gone?.text)).toBe(plain(here?.text));
        }
      }
    },
  );

  it('says what to put into the netrc, with the port', async () => {
    const { headers, text } = await ask(server.url, `${secret}/list`);
    expect(headers['www-authenticate']).toBe('Basic realm="modhaven"');
    expect(text).toContain('machine goproxy.corp.test:8443 login NAME password TOKEN');
    expect(Buffer.byteLength(text)).toBeLessThan(600);
  });

  it('lets a lowered right and a revoked token hold soon, also for what is in memory, in every process', async () => {
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await ask(server.url, `${secret}/v1.0.0.mod`, headers)).status;
    /** Each request has a connection of its own: ten of them come to each worker. */
    const becomes = async (headers: Record<string, string>, expected: number): Promise<void> => {
      const isSo = (status: number) => status === expected;
      expect(await until(() => statusOf(headers), isSo, SOON)).toBe(expected);
      const all = () => Promise.all(Array.from({ length: 10 }, () => statusOf(headers)));
      const statuses = await until(all, (codes) => codes.every(isSo), SOON);
      expect(new Set(statuses)).toEqual(new Set([expected]));
    };
    await becomes(ann, 200);
    await writeFile(path.join(server.dir, 'groups'), 'ann: docs\n');
    await becomes(ann, 403);
    await writeFile(path.join(server.dir, 'groups'), 'ann: core\n');
    await becomes(ann, 200);
    await server.writeConfig({ ...config, auth: { ...config.auth, rules: [] } });
    await becomes(ann, 403);
    await server.writeConfig(config);
    await becomes(ann, 200);
    await becomes(token, 200);
    expect(await modhaven(['token', 'revoke', 'ci', '--config', server.configFile])).toMatchObject({
      code: 0,
    });
    await becomes(token, 401);
    expect((await ask(server.url, `${secret}/list`, token)).text).toContain('expired or was revoked');
  });

  it('shows status to admins by address, and not to one that was passed on', async () => {
    expect((await ask(server.url, '/-/status')).status).toBe(200);
    expect((await ask(server.url, '/-/status', { 'X-Forwarded-For': '127.0.0.1' })).status).toBe(401);
    expect((await ask(server.url, '/-/status', { Forwarded: 'for=127.0.0.1', ...ann })).status).toBe(403);
    expect((await ask(server.url, '/-/healthz', { 'X-Forwarded-For': '10.0.0.1' })).status).toBe(200);
  });

  it('answers a web server in front only where it is trusted', async () => {
    const original = { 'X-Original-URI': `${secret}/v1.0.0.zip`, 'X-Forwarded-For': '10.9.9.9' };
    expect((await ask(server.url, '/-/auth', { ...original, ...ann })).status).toBe(403);
  });

  it('slows guessing, and lets the right login pass all the same', async () => {
    const guess = (): Promise<{ status: number }> =>
      ask(server.url, '/corp.test/open/@v/list', basic('ann', `guess ${Math.random()}`));
    const codes = new Set<number>();
    for (let attempt = 0; attempt < 45; attempt += 1) codes.add((await guess()).status);
    expect(codes.has(429)).toBe(true);
    expect((await ask(server.url, '/corp.test/open/@v/list', ann)).status).toBe(200);
  });

  it('writes an audit line for reads and refusals, never a credential, for its owner alone', async () => {
    const file = path.join(server.dir, 'audit.jsonl');
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    const events = lines.map(
      (line) => JSON.parse(line) as { event: string; principal?: string; path: string },
    );
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'read', principal: 'ann', path: `${secret}/v1.0.0.zip` }),
    );
    expect(events.some(({ event }) => event === 'unauthorized')).toBe(true);
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'forbidden', principal: 'bob', module: 'corp.test/secret' }),
    );
    expect(events.some(({ event }) => event === 'wrong-login')).toBe(true);
    expect(events).toContainEqual(expect.objectContaining({ event: 'token-revoked', token: 'ci' }));
    expect(lines.join('\n')).not.toMatch(/right|mhv_/);
    expect((await stat(file)).mode & 0o077).toBe(0);
  });
});
