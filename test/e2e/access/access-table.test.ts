/**
 * Every way to content × memory, disk and cold × GET, HEAD and a range × one process, workers and nginx in both of its ways:
 * without a right nothing tells whether a module exists, neither bytes nor text, and no host is asked (which would take
 * longer than not asking one).
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { nginxHost, type NginxHost } from '../../support/hosts/nginx-host.js';
import { missing } from '../../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask as askRaw, type Answer } from '../../support/ask.js';

const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const ann = basic('ann', 'right');
/** Those without the right to read `corp.test/secret/…`, and what they get. */
const STRANGERS = [
  { who: 'anyone', headers: {}, status: [401] },
  { who: 'a wrong login', headers: basic('ann', 'wrong'), status: [401, 429] },
  { who: 'bob, who has no right', headers: basic('bob', 'right'), status: [403] },
];
const METHODS = [
  { name: 'GET', method: 'GET', headers: {} },
  { name: 'HEAD', method: 'HEAD', headers: {} },
  { name: 'a range', method: 'GET', headers: { Range: 'bytes=0-1' } },
  { name: 'a condition', method: 'GET', headers: { 'If-None-Match': '*' } },
];
const HTML = { Accept: 'text/html' };
/** The ways to content of a module. */
const ROUTES: readonly { url: string; headers?: Record<string, string> }[] = [
  { url: '/M/@v/list' },
  { url: '/M/@latest' },
  { url: '/M/@v/v1.0.0.info' },
  { url: '/M/@v/v1.0.0.mod' },
  { url: '/M/@v/v1.0.0.zip' },
  { url: '/M/@v/main.info' },
  { url: '/M/@v/v9.0.0.zip' },
  { url: '/sumdb/sum.corp.test/lookup/M@v1.0.0' },
  { url: '/M', headers: HTML },
  { url: '/M@v1.0.0', headers: HTML },
  { url: '/-/raw/M@v1.0.0/x.png' },
  { url: '/-/phases/M' },
];
/** One that exists, one that does not, one that no rule of the map covers. */
const HERE = 'corp.test/secret/here';
const MISSING = ['corp.test/secret/gone', 'corp.test/nowhere'];

const SERVERS = ['one process', 'two workers', 'nginx with auth_request', 'nginx with X-Accel-Redirect'];

describe.skipIf(missing('git', 'nginx'))('who may not read', () => {
  let host: GitHttpHost;
  let single: ModhavenServer;
  let shared: ModhavenServer;
  const nginx: NginxHost[] = [];
  let bases: string[];

  async function start(workers: number): Promise<ModhavenServer> {
    const dir = await tempDir('table');
    const hash = bcrypt.hashSync('right', 4);
    await writeFile(path.join(dir, 'users'), `ann:${hash}\nbob:${hash}\n`);
    await writeFile(path.join(dir, 'groups'), 'ann: core\n');
    const key = path.join(dir, 'sumdb.key');
    expect(await modhaven(['sumdb', 'keygen', '--name', 'sum.corp.test', '--out', key])).toMatchObject({
      code: 0,
    });
    return startServer({
      dir,
      config: {
        workers,
        trust_proxy: ['127.0.0.1'],
        admin: ['192.0.2.1'],
        audit: './audit.jsonl',
        sumdb: { name: 'sum.corp.test', key_file: './sumdb.key' },
        auth: {
          htpasswd_file: './users',
          groups_file: './groups',
          pages: 'authenticated',
          rules: [{ modules: 'corp.test/*', allow: ['group:core'] }],
        },
      },
      vanity: `host: corp.test\npaths:\n  /secret/{name}: ${host.url}/{name}.git\n`,
    });
  }

  beforeAll(async () => {
    const root = await tempDir('table-git');
    const made = await repo(path.join(root, 'here.git'));
    await made.write({ 'go.mod': `module ${HERE}\n`, 'x.go': 'package x\n' }).commit('one');
    await made.tag('v1.0.0');
    host = await gitHttpHost(root);
    [single, shared] = await Promise.all([start(1), start(2)]);
    const download = path.join(single.cacheDir, 'download');
    nginx.push(await nginxHost(single.port, { download }));
    nginx.push(await nginxHost(single.port, { download, sends: 'what modhaven names' }));
    bases = [single.url, shared.url, ...nginx.map(({ url }) => url)];
  });
  afterAll(async () => {
    await Promise.all(nginx.map((each) => each.stop()));
    await Promise.all([single.stop(), shared.stop(), host.stop()]);
  });

  /** An answer without what differs each time: dates, and the module that was asked for. */
  function shown({ status, headers, text }: Answer, module: string): unknown {
    // The text repeats the name that was asked for, so its length goes with the name.
    const differs = new Set(['date', 'connection', 'content-length']);
    const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => !differs.has(name)));
    return { status, headers: rest, text: text.replaceAll(module, 'M') };
  }

  async function compareAll(base: string): Promise<void> {
    const asked = host.requests.length;
    for (const { url, headers: routeHeaders } of ROUTES) {
      for (const { name, method, headers } of METHODS) {
        for (const { who, headers: login, status } of STRANGERS) {
          const get = async (module: string) => {
            const all = { ...headers, ...routeHeaders, ...login };
            return askRaw(base, url.replace('M', module), { method, headers: all });
          };
          const [here, ...others] = await Promise.all([HERE, ...MISSING].map(get));
          const what = `${name} of ${url} for ${who}`;
          expect(status, what).toContain(here?.status);
          expect(here?.headers.etag, what).toBeUndefined();
          expect(here?.headers['cache-control'], what).toBe('no-store');
          if (who === 'a wrong login') continue; // the next one may be one guess too many
          others.forEach((answer, index) => {
            expect(shown(answer, MISSING[index] ?? ''), what).toEqual(here && shown(here, HERE));
          });
        }
      }
    }
    // Neither the git host nor anything else was asked: a refusal takes the same time for what exists.
    expect(host.requests.length).toBe(asked);
  }

  it.each(SERVERS)('learns nothing from %s, be it cold, on disk or in memory', async (name) => {
    const base = bases[SERVERS.indexOf(name)] ?? '';
    await compareAll(base);
    for (let round = 0; round < 2; round += 1) {
      for (const { url, headers } of ROUTES.slice(0, 6)) {
        const read = await askRaw(base, url.replace('M', HERE), { headers: { ...headers, ...ann } });
        expect(read.status, `${url} for ann`).toBe(200);
        expect(read.headers['cache-control'], url).toMatch(/^private/);
      }
      await compareAll(base);
    }
  });

  it.each(SERVERS)('gets no page, list, index or figure from %s', async (name) => {
    const base = bases[SERVERS.indexOf(name)] ?? '';
    const statusOf = async (url: string, headers: Record<string, string>) =>
      (await askRaw(base, url, { headers: { ...headers, 'X-Forwarded-For': '198.51.100.7' } })).status;
    for (const url of ['/-/status', '/-/metrics', '/-/made-up', '/sumdb/sum.corp.test/tile/8/data/000']) {
      expect([401, 403], url).toContain(await statusOf(url, {}));
      expect(await statusOf(url, basic('bob', 'right')), url).toBe(403);
    }
    expect(await statusOf(`/${HERE}?go-get=1`, {})).toBe(401);
    expect(await statusOf(`/${HERE}?go-get=1`, basic('bob', 'right'))).not.toBe(401);
    expect(await statusOf('/sumdb/sum.corp.test/latest', {})).toBe(200);
    expect(await statusOf('/-/healthz', {})).toBe(200);
  });

  it('asks /-/auth for itself in vain: what was asked for counts from trusted servers alone', async () => {
    const named = { 'X-Original-URI': `/${HERE}/@v/v1.0.0.zip`, 'X-Forwarded-For': '198.51.100.7' };
    const statusOf = async (base: string, headers: Record<string, string>) =>
      (await askRaw(base, '/-/auth', { headers })).status;
    expect(await statusOf(single.url, named)).toBe(401);
    expect(await statusOf(single.url, { ...named, ...basic('bob', 'right') })).toBe(403);
    expect(await statusOf(single.url, { ...named, ...ann })).toBe(204);
    expect(await statusOf(shared.url, { ...named, ...ann })).toBe(204);
    expect(await statusOf(nginx[0]?.url ?? '', { ...named, ...ann })).toBe(404);
  });
});
