/** Three replicas behind the shipped nginx, with one bucket, one Redis and one checksum database, parts of which can fail. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Daemon } from '../../support/process/daemon.js';
import { faultyS3 } from '../../support/relays/faulty-s3.js';
import { gitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../../support/git/git-repo.js';
import { goClient } from '../../support/go.js';
import { freePort } from '../../support/loopback.js';
import { redisHost } from '../../support/hosts/redis-host.js';
import { S3_LOGIN, s3Host } from '../../support/hosts/s3-host.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { startNginx } from '../../support/hosts/nginx-host.js';
import type { RunResult } from '../../support/run.js';
import { tcpRelay, type TcpRelay } from '../../support/relays/tcp-relay.js';
import { tempDir } from '../../support/tmp.js';
import { ask, type Answer } from '../../support/ask.js';
import { noise } from '../../support/noise.js';

const NGINX_CONF = fileURLToPath(new URL('../../../deploy/replicas/nginx.conf', import.meta.url));
export const MODULES = Array.from({ length: 6 }, (_, i) => `m${i}`);
export const at = (name: string, version: number, kind = 'zip') =>
  `/corp.test/${name}/@v/v1.${version}.0.${kind}`;

export type ReplicaWorld = Awaited<ReturnType<typeof startReplicas>>;

export interface ReplicaOptions {
  /** Default: true. */
  hasRedis?: boolean;
}

export interface MoreReplicaOptions {
  /** Another way to the same bucket. */
  endpoint?: string;
  /** What it answers with 200 once it is up. Default: /-/readyz. */
  upPath?: string;
}

export async function startReplicas({ hasRedis = true }: ReplicaOptions = {}) {
  const root = await tempDir('replicas-git');
  const repos = await Promise.all(MODULES.map((name) => makeRepo(root, name)));
  const [git, s3, redis] = await Promise.all([gitHttpHost(root), s3Host(), redisHost()]);
  await s3.bucket('go-modules');
  const store = await faultyS3(s3.port);
  const keyFile = path.join(await tempDir('key'), 'sumdb.key');
  const { stdout } = await modhaven(['sumdb', 'keygen', '--name', 'sum.corp.test', '--out', keyFile]);
  const [, verifier = ''] = /GOSUMDB=(.*)/.exec(stdout) ?? [];
  /** The way of each replica to Redis. */
  const links: TcpRelay[] = [];
  /** One more replica. */
  async function startReplica(
    number: number,
    { endpoint = store.url, upPath }: MoreReplicaOptions = {},
  ): Promise<ModhavenServer> {
    const dir = await tempDir(`replica${number}`);
    const link = await tcpRelay(redis.port);
    links[number - 1] = link;
    return startServer({
      dir,
      env: S3_LOGIN,
      config: {
        store: { s3: { endpoint, bucket: 'go-modules', prefix: 'x/', path_style: true } },
        ...(hasRedis && { redis: link.url('redis') }),
        refresh: '1s',
        sumdb: { name: 'sum.corp.test', key_file: keyFile, witness_file: path.join(dir, 'witness') },
      },
      vanity: `host: corp.test\npaths:\n  /{name}: ${git.url}/{name}.git\n`,
      ...(upPath !== undefined && { upPath }),
    });
  }

  const replicas = await Promise.all([1, 2, 3].map((number) => startReplica(number)));
  const nginx = await startBalancer(replicas.map(({ port }) => port));
  /** All clients have to see the same bytes, whichever replica answers and whenever. */
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

  /**
   * A developer with an empty module cache, who trusts the checksum database alone. `download` asks for this version of
   * some modules, and may be called again.
   */
  async function developer(env: { GOPROXY?: string; GOSUMDB?: string } = {}) {
    const go = await goClient({ GOPROXY: nginx.url, GOSUMDB: verifier, ...env });
    return {
      download: (version: number, names: readonly string[] = MODULES): Promise<RunResult> =>
        go.run('mod', 'download', ...names.map((name) => `corp.test/${name}@v1.${version}.0`)),
      [Symbol.asyncDispose]: () => go.stop(),
    };
  }
  /** What such a developer sees who tries once more where it did not work. */
  async function build(version: number, names?: readonly string[]): Promise<RunResult> {
    await using ann = await developer();
    const first = await ann.download(version, names);
    return first.code === 0 ? first : await ann.download(version, names);
  }

  return {
    git,
    repos,
    s3,
    store,
    redis,
    links,
    nginx,
    replicas,
    startReplica,
    verifier,
    see,
    get,
    developer,
    build,
    async stop(): Promise<void> {
      await nginx.stop();
      await Promise.all(replicas.map((each) => each.stop()));
      for (const link of links) link.heal();
      await Promise.all([git, redis, store, ...links].map((each) => each.stop()));
      await s3.stop();
    },
  };
}

async function makeRepo(root: string, name: string): Promise<GitRepo> {
  const made = await repo(path.join(root, `${name}.git`));
  made.write({
    'go.mod': `module corp.test/${name}\n`,
    'x.go': 'package x\n',
    'data.bin': noise(50_000),
  });
  await made.commit('first');
  await made.manyTags(Array.from({ length: 10 }, (_, i) => `v1.${i}.0`));
  return made;
}

/** What is left when everything has happened: a store in which everything is what it should be. */
export async function expectAllInOrder(replica: ModhavenServer | undefined): Promise<void> {
  const config = ['--config', replica?.configFile ?? ''];
  expect(await modhaven(['verify', ...config], { env: S3_LOGIN })).toMatchObject({ code: 0 });
  expect(await modhaven(['sumdb', 'verify', ...config], { env: S3_LOGIN })).toMatchObject({ code: 0 });
  const status = JSON.parse((await ask(replica?.url ?? '', '/-/status')).text) as { store: unknown };
  expect(status.store).toMatchObject({ damaged: { count: 0 }, differences: { count: 0 } });
}

/** The shipped file, with the addresses of the test and a shorter timeout for a replica that was paused. */
async function startBalancer(ports: number[]): Promise<Daemon & { url: string }> {
  const port = await freePort();
  let text = await readFile(NGINX_CONF, 'utf8');
  ports.forEach((each, i) => {
    text = text.replace(`server 10.0.0.1${i + 1}:10000`, `server 127.0.0.1:${each}`);
  });
  text = text
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('proxy_read_timeout 130s;', 'proxy_read_timeout 8s;');
  return { ...(await startNginx(text)), url: `http://127.0.0.1:${port}` };
}
