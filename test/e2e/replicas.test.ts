/** Three replicas behind the shipped nginx, with one bucket, one Redis and one checksum database, while parts of it fail. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon, type Daemon } from '../support/daemon.js';
import { faultyS3, type FaultyS3, type S3Fault } from '../support/faulty-s3.js';
import { gitHttpHost, type GitHttpHost } from '../support/git-http-host.js';
import { repo } from '../support/git-repo.js';
import { freePort } from '../support/loopback.js';
import { redisHost, type RedisHost } from '../support/redis-host.js';
import { missing } from '../support/requirements.js';
import { S3_LOGIN, s3Host, type S3Host } from '../support/s3-host.js';
import { modhaven, startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask, until, type Answer } from './ask.js';
import { noise } from './noise.js';

const NGINX_CONF = fileURLToPath(new URL('../../deploy/replicas/nginx.conf', import.meta.url));
const MODULES = Array.from({ length: 6 }, (_, i) => `m${i}`);
const at = (name: string, version: number, kind = 'zip') => `/corp.test/${name}/@v/v1.${version}.0.${kind}`;

describe.skipIf(missing('git', 'go', 'nginx', 'redis-server'))('three replicas', () => {
  let git: GitHttpHost;
  let s3: S3Host;
  let store: FaultyS3;
  let redis: RedisHost;
  let nginx: Daemon & { url: string };
  let replicas: ModhavenServer[];
  let keyFile: string;

  /** Everybody has to see the same bytes, whoever answers and whenever. */
  const contents = new Map<string, Buffer>();
  function see(url: string, { status, bytes }: Answer): number {
    if (status !== 200) return status;
    const before = contents.get(url) ?? bytes;
    contents.set(url, before);
    expect(bytes.equals(before), url).toBe(true);
    return status;
  }
  /** As a client of nginx sees it, which tries once more. */
  async function get(url: string): Promise<number> {
    const first = await ask(nginx.url, url).then(
      (answer) => see(url, answer),
      () => 0,
    );
    if (first === 200) return first;
    await sleep(300);
    return ask(nginx.url, url).then(
      (answer) => see(url, answer),
      () => 0,
    );
  }

  async function startReplica(number: number): Promise<ModhavenServer> {
    const dir = await tempDir(`replica${number}`);
    return startServer({
      dir,
      env: S3_LOGIN,
      config: {
        store: { s3: { endpoint: store.url, bucket: 'go-modules', prefix: 'x/', path_style: true } },
        redis: redis.url,
        refresh: '1s',
        sumdb: { name: 'sum.corp.test', key_file: keyFile, witness_file: path.join(dir, 'witness') },
      },
      vanity: `host: corp.test\npaths:\n  /{name}: ${git.url}/{name}.git\n`,
    });
  }

  beforeAll(async () => {
    const root = await tempDir('replicas-git');
    for (const name of MODULES) {
      const made = await repo(path.join(root, `${name}.git`));
      made.write({
        'go.mod': `module corp.test/${name}\n`,
        'x.go': 'package x\n',
        'data.bin': noise(50_000),
      });
      await made.commit('first');
      await made.manyTags(Array.from({ length: 9 }, (_, i) => `v1.${i}.0`));
    }
    [git, s3, redis] = await Promise.all([gitHttpHost(root), s3Host(), redisHost()]);
    await s3.bucket('go-modules');
    store = await faultyS3(s3.port);
    keyFile = path.join(await tempDir('key'), 'sumdb.key');
    await modhaven(['sumdb', 'keygen', '--name', 'sum.corp.test', '--out', keyFile]);
    replicas = await Promise.all([1, 2, 3].map(startReplica));
    nginx = await startNginx(replicas.map(({ port }) => port));
  }, 120_000);
  afterAll(async () => {
    await nginx.stop();
    await Promise.all(replicas.map((each) => each.stop()));
    await Promise.all([git.stop(), redis.stop(), store.stop()]);
    await s3.stop();
  });

  it('give the same, whichever is asked, and all at once', async () => {
    const urls = MODULES.slice(0, 2).flatMap((name) =>
      ['info', 'mod', 'zip'].map((kind) => at(name, 0, kind)),
    );
    const statuses = await Promise.all(
      urls.flatMap((url) => replicas.map(async (each) => see(url, await ask(each.url, url)))),
    );
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  it('have one checksum database', async () => {
    const lookup = (name: string) => `/sumdb/sum.corp.test/lookup/corp.test/${name}@v1.0.0`;
    for (const [i, name] of MODULES.entries()) {
      expect((await ask(replicas[i % 3]?.url ?? '', lookup(name))).status).toBe(200);
    }
    const numbers = async (url: string) =>
      Promise.all(MODULES.map(async (name) => (await ask(url, lookup(name))).text.split('\n')[0]));
    const [first, ...others] = await Promise.all(replicas.map(({ url }) => numbers(url)));
    expect(new Set(first).size).toBe(MODULES.length);
    for (const other of others) expect(other).toEqual(first);
  });

  it.each<[S3Fault, number]>([
    ['error', 3],
    ['overloaded', 3],
    ['slow', 2],
    ['cut', 4],
  ])('no client sees more than one retry cures while the object store fails: %s', async (fault, every) => {
    const version = ['error', 'overloaded', 'slow', 'cut', 'full'].indexOf(fault) + 1;
    store.fail(fault, every);
    const statuses = await Promise.all(MODULES.slice(0, 3).map((name) => get(at(name, version))));
    store.fail('none');
    expect(statuses).toEqual(statuses.map(() => 200));
  });

  it('come back by themselves after an object store that was full, and one that was gone', async () => {
    for (const fault of ['full', 'down'] as const) {
      store.fail(fault);
      expect(
        (
          await until(
            () => ask(replicas[0]?.url ?? '', '/-/readyz'),
            ({ status }) => status === 503,
          )
        ).status,
      ).toBe(503);
      store.fail('none');
      for (const each of replicas) {
        expect(
          (
            await until(
              () => ask(each.url, '/-/readyz'),
              ({ status }) => status === 200,
            )
          ).status,
        ).toBe(200);
      }
    }
  });

  it('go on when one is killed, when one is paused, and when Redis is gone', async () => {
    const [first, second] = replicas;
    const load = (version: number) => Promise.all(MODULES.map((name) => get(at(name, version))));
    const killed = load(6);
    first?.signal('SIGKILL');
    expect(await killed).toEqual(MODULES.map(() => 200));

    // Paused in the middle of its work, with its leases: they end, and what it does afterwards changes nothing.
    const paused = MODULES.map((name) => ask(second?.url ?? '', at(name, 7)).catch(() => undefined));
    await sleep(150);
    second?.signal('SIGSTOP');
    expect(await load(7)).toEqual(MODULES.map(() => 200));
    await redis.stop();
    expect(await load(8)).toEqual(MODULES.map(() => 200));
    second?.signal('SIGCONT');
    for (const [i, answer] of (await Promise.all(paused)).entries()) {
      if (answer !== undefined) see(at(MODULES[i] ?? '', 7), answer);
    }
    for (const name of MODULES) {
      for (const each of [second, replicas[2]]) {
        expect(see(at(name, 7), await ask(each?.url ?? '', at(name, 7)))).toBe(200);
      }
    }
  });

  it('leave a store in which everything is what it should be', async () => {
    const config = ['--config', replicas[2]?.configFile ?? ''];
    expect(await modhaven(['verify', ...config], { env: S3_LOGIN })).toMatchObject({ code: 0 });
    expect(await modhaven(['sumdb', 'verify', ...config], { env: S3_LOGIN })).toMatchObject({ code: 0 });
    const status = JSON.parse((await ask(replicas[2]?.url ?? '', '/-/status')).text) as { store: unknown };
    expect(status.store).toMatchObject({ damaged: { count: 0 }, differences: { count: 0 } });
  });
});

/** The shipped file, with the addresses of the test and less patience with a replica that was paused. */
async function startNginx(ports: number[]): Promise<Daemon & { url: string }> {
  const prefix = await tempDir('replicas-nginx');
  const port = await freePort();
  let text = await readFile(NGINX_CONF, 'utf8');
  ports.forEach((each, i) => {
    text = text.replace(`server 10.0.0.1${i + 1}:10000`, `server 127.0.0.1:${each}`);
  });
  text = text
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('proxy_read_timeout 130s;', 'proxy_read_timeout 4s;');
  const conf = path.join(prefix, 'nginx.conf');
  await writeFile(conf, text);
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const settings = `daemon off; ${user} pid ${prefix}/nginx.pid; error_log stderr notice;`;
  const daemon = await startDaemon('nginx', ['-p', prefix, '-c', conf, '-e', 'stderr', '-g', settings], {
    isReady: (log) => log.includes('start worker process '),
  });
  return { ...daemon, url: `http://127.0.0.1:${port}` };
}
