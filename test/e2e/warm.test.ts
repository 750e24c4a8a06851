/** What is answered without git and without the disk, by one process and by several: how long, and when not. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDescendants } from '../chaos/processes.js';
import { commandsIn, gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer, type ServerOptions } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask, logged, until, type Answer } from '../support/ask.js';
import { noise } from '../support/noise.js';

const at = '/mycompany.com/go/foo/@v';
const SECRET = 'a secret between two programs';

describe.skipIf(missing('git')).each([{ workers: 1 }, { workers: 2 }])(
  '$workers worker(s)',
  ({ workers }) => {
    let root: string;
    let git: GitHttpHost;
    let foo: GitRepo;
    let other: GitRepo;

    beforeAll(async () => {
      root = await tempDir('warm');
      foo = await repo(path.join(root, 'foo.git'));
      foo.write({ 'go.mod': 'module mycompany.com/go/foo\n', 'random.bin': noise(600_000) });
      await foo.commit('first');
      await foo.tag('v1.0.0');
      other = await repo(path.join(root, 'other.git'));
      await other.write({ 'go.mod': 'module mycompany.com/go/foo\n' }).commit('elsewhere');
      await other.tag('v7.0.0');
      git = await gitHttpHost(root);
    });
    afterAll(async () => git.stop());

    const vanity = (name = 'foo') => ({
      host: 'mycompany.com',
      paths: { '/go/foo': `${git.url}/${name}.git` },
    });
    const start = (config: Record<string, unknown> = {}, args?: ServerOptions['args']) =>
      startServer({
        config: { workers, refresh: '1h', webhook: { secret: SECRET }, ...config },
        vanity: vanity(),
        ...(args && { args }),
      });

    /**
     * The answers of each worker, `rounds` times. Only a worker that runs accepts connections, so the others are stopped,
     * each time for one question only: one that does not answer for seconds is replaced.
     */
    async function askAll(server: ModhavenServer, url: string, rounds = 2): Promise<Answer[]> {
      const answers: Answer[] = [];
      const pids = workers === 1 ? [server.pid] : await workersOf(server);
      for (const pid of pids) {
        const others = pids.filter((other) => other !== pid);
        for (let i = 0; i < rounds; i++) {
          for (const other of others) process.kill(other, 'SIGSTOP');
          try {
            answers.push(await ask(server.url, url));
          } finally {
            for (const other of others) process.kill(other, 'SIGCONT');
          }
        }
      }
      return answers;
    }

    const listings = () => commandsIn(git.requests).length;

    it('a version that was asked for is answered without the disk', async () => {
      await using server = await start();
      const urls = ['info', 'mod', 'zip'].map((kind) => `${at}/v1.0.0.${kind}`);
      const before = new Map<string, Buffer>();
      for (const url of urls) for (const { bytes } of await askAll(server, url, 3)) before.set(url, bytes);
      await rm(path.join(server.cacheDir, 'download'), { recursive: true });
      git.requests.length = 0;
      for (const url of urls) {
        for (const { status, bytes } of await askAll(server, url)) {
          expect([status, bytes.equals(before.get(url) ?? Buffer.alloc(0))]).toEqual([200, true]);
        }
      }
      expect(git.requests).toEqual([]);
    });

    it('with cache.memory: 0 the disk is asked each time', async () => {
      await using server = await start({ cache: { memory: 0 } });
      await askAll(server, `${at}/v1.0.0.info`);
      await rm(path.join(server.cacheDir, 'download'), { recursive: true });
      expect(await ask(server.url, `${at}/v1.0.0.info`)).toMatchObject({ status: 200 });
      expect(existsSync(path.join(server.cacheDir, 'download', at, 'v1.0.0.info'))).toBe(true);
    });

    it('a hundred who ask at once for something cold cause one fetch', async () => {
      await using server = await start();
      git.requests.length = 0;
      const all = await Promise.all(
        Array.from({ length: 100 }, async () => ask(server.url, `${at}/v1.0.0.zip`)),
      );
      expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(all.map(({ headers }) => headers.etag)).size).toBe(1);
      expect(commandsIn(git.requests)).toEqual(['ls-refs', 'fetch']);
    });

    describe('what may change', () => {
      const urls = [`${at}/list`, '/mycompany.com/go/foo/@latest', `${at}/main.info`];

      it.each(urls)('%s is asked of git once within refresh', async (url) => {
        await using server = await start();
        await askAll(server, url);
        git.requests.length = 0;
        const answers = await askAll(server, url);
        expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
        expect(answers[0]?.headers).toMatchObject({ 'cache-control': 'public, max-age=10' });
        expect(answers[0]?.headers).not.toHaveProperty('x-modhaven-freshness');
        expect(git.requests).toEqual([]);
        const version = url.endsWith('.info') ? '"version":"main",' : '';
        await logged(server, `"path":"${url}","module":"mycompany.com/go/foo",${version}"cache":"hit"`);
      });

      it('is asked of git each time where refresh is 0', async () => {
        await using server = await start({ refresh: '0s' });
        await askAll(server, `${at}/list`);
        git.requests.length = 0;
        await askAll(server, `${at}/list`);
        expect(listings()).toBe(2 * workers);
      });

      it('is forgotten by all when a push is announced', async () => {
        await using server = await start();
        const tag = `v1.1.${workers}`;
        await askAll(server, `${at}/list`);
        await foo.tag(tag);
        for (const { text } of await askAll(server, `${at}/list`)) expect(text).not.toContain(tag);
        const delivery = await announce(server, {
          ref: `refs/tags/${tag}`,
          before: '0'.repeat(40),
          after: '1'.repeat(40),
          repository: { clone_url: `${git.url}/foo.git`, full_name: 'foo' },
        });
        expect(delivery).toBe(202);
        for (const { text } of await askAll(server, `${at}/list`)) expect(text).toContain(tag);
      });

      it('is forgotten by all when vanity.yaml names another repository', async () => {
        await using server = await start();
        await askAll(server, `${at}/list`);
        await server.writeVanity(vanity('other'));
        await logged(server, 'vanity.yaml read again');
        const answers = await until(
          async () => askAll(server, `${at}/list`),
          (all) => all.every(({ text }) => text === ''),
        );
        expect(answers.map(({ text }) => text)).toEqual(answers.map(() => ''));
      });

      it('is answered from the store alone for who forbids fetching', async () => {
        await using server = await start();
        await askAll(server, `${at}/list`);
        const headers = { 'Disable-Module-Fetch': 'true' };
        for (let i = 0; i < workers; i++) {
          expect(await ask(server.url, `${at}/list`, { headers })).toMatchObject({ status: 404 });
        }
      });
    });

    describe('the log', () => {
      const paths = (log: string, marker: string) =>
        log.split('\n').filter((line) => line.includes(marker) && line.includes('"msg":"request"'));

      it('has every request once, also those of the last moment', async () => {
        await using server = await start();
        await askAll(server, `${at}/v1.0.0.mod`);
        const { port } = server;
        const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
        const count = 2_000;
        await Promise.all(
          Array.from({ length: count }, async (_, i) =>
            drain(agent, port, i % 10 === 0 ? `/nowhere-${i}` : `${at}/v1.0.0.mod`),
          ),
        );
        server.signal('SIGTERM');
        agent.destroy();
        expect(await server.exited).toEqual({ code: 0, signal: null });
        const log = await logged(server, '"msg":"ended"');
        for (const line of log.trimEnd().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
        expect(paths(log, '/nowhere-')).toHaveLength(count / 10);
        expect(paths(log, '/v1.0.0.mod"')).toHaveLength(2 * workers + count - count / 10);
      });

      it('names the client that a trusted proxy names, and no other', async () => {
        await using server = await start();
        const headers = { 'X-Forwarded-For': '6.6.6.6' };
        for (const url of ['/stranger', `${at}/v1.0.0.info`]) await ask(server.url, url, { headers });
        await logged(server, '/stranger');
        await server.writeConfig({ workers, trust_proxy: ['127.0.0.1'] });
        await logged(server, 'modhaven.yaml read again');
        await until(
          async () => {
            for (const url of ['/trusted', `${at}/v1.0.0.mod`]) await ask(server.url, url, { headers });
            return server.logs();
          },
          (log) =>
            ['/trusted"', '/v1.0.0.mod"'].every((name) =>
              paths(log, name).some((l) => l.includes('6.6.6.6')),
            ),
        );
        const log = server.logs();
        for (const name of ['/stranger"', '/v1.0.0.info"']) {
          for (const line of paths(log, name)) expect(line).toContain('"client":"127.0.0.1"');
        }
        for (const name of ['/trusted"', '/v1.0.0.mod"']) {
          expect(paths(log, name).at(-1)).toContain('"client":"6.6.6.6"');
        }
      });
    });

    /** The status of a delivery as Gitea sends it. */
    async function announce(server: ModhavenServer, body: unknown): Promise<number> {
      const { status } = await fetch(`${server.url}/-/webhook?token=${encodeURIComponent(SECRET)}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Gitea-Event': 'push' },
        body: JSON.stringify(body),
      });
      return status;
    }
  },
);

/** The process ids of the workers; a git that runs just now is none. */
function pids(server: ModhavenServer): number[] {
  return withDescendants(server.pid)
    .filter(({ command }) => command.includes('workers/worker.js'))
    .map(({ pid }) => pid);
}

/** Those of a server whose workers all listen. */
async function workersOf(server: ModhavenServer): Promise<number[]> {
  await logged(server, 'modhaven is ready'); // the first worker answers before the second does
  return pids(server);
}

describe.skipIf(missing('git'))('workers', () => {
  it('one that dies is replaced', async () => {
    await using server = await startServer({ config: { workers: 2 } });
    await logged(server, 'modhaven is ready'); // the first worker answers before the second does
    const [first = 0, ...rest] = pids(server);
    expect(rest).toHaveLength(1);
    process.kill(first, 'SIGKILL');
    await logged(server, `"pid":${first},`);
    const now = await until(
      () => pids(server),
      (all) => all.length === 2 && !all.includes(first),
    );
    expect(now).toHaveLength(2);
    // A connection that was on its way to the dead one is lost with it.
    await until(
      async () => ask(server.url, '/-/healthz').catch(() => undefined),
      (answer) => answer?.status === 200,
    );
    for (let i = 0; i < 4; i++) expect(await ask(server.url, '/-/healthz')).toMatchObject({ status: 200 });
  });

  it('answer what is stored while the main process hangs, and say of the rest that it cannot be had now', async () => {
    await using server = await startServer({ config: { workers: 2 }, vanity: 'paths: {}' });
    const all = await workersOf(server);
    await put(server, 'v1.0.0');
    process.kill(server.pid, 'SIGSTOP');
    try {
      for (let i = 0; i < 2 * all.length; i++) {
        expect(await ask(server.url, '/ex.com/m/@v/v1.0.0.mod')).toMatchObject({ status: 200 });
      }
      const { status, headers, text } = await ask(server.url, '/ex.com/m/@v/v9.9.9.mod');
      expect([status, headers['retry-after']]).toEqual([503, '5']);
      expect(text).toContain('its main process does not');
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    expect(
      await until(
        async () => ask(server.url, '/-/healthz'),
        ({ status }) => status === 200,
      ),
    ).toMatchObject({ status: 200 });
    expect(pids(server)).toEqual(all);
  });

  it('one that hangs costs no other request, and is replaced before a change is said to be known', async () => {
    await using server = await startServer({ config: { workers: 2 } });
    const [hung = 0] = await workersOf(server);
    process.kill(hung, 'SIGSTOP');
    for (let i = 0; i < 4; i++) expect(await ask(server.url, '/-/healthz')).toMatchObject({ status: 200 });
    await server.writeVanity('paths: {}\n# changed\n');
    await logged(server, 'vanity.yaml read again');
    const now = await until(
      () => pids(server),
      (running) => running.length === 2 && !running.includes(hung),
    );
    expect(now).toHaveLength(2);
    await logged(server, 'a worker does not answer and is killed');
  });

  it('end when the main process is killed', async () => {
    await using server = await startServer({ config: { workers: 2 } });
    await logged(server, 'modhaven is ready'); // the first worker answers before the second does
    const workers = pids(server);
    server.signal('SIGKILL');
    await server.exited;
    const isAlive = (pid: number) => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    expect(
      await until(
        () => workers.filter(isAlive),
        (alive) => alive.length === 0,
      ),
    ).toEqual([]);
  });

  it('do not take signals that are meant for the main process', async () => {
    await using server = await startServer({ config: { workers: 2 } });
    await logged(server, 'modhaven is ready'); // the first worker answers before the second does
    const before = pids(server);
    for (const pid of before) for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.kill(pid, signal);
    for (let i = 0; i < 4; i++) expect(await ask(server.url, '/-/healthz')).toMatchObject({ status: 200 });
    expect(pids(server)).toEqual(before);
  });

  it('an address in use is said as with one process', async () => {
    await using server = await startServer({ config: { workers: 2 } });
    await logged(server, 'modhaven is ready'); // the first worker answers before the second does
    await expect(
      startServer({ config: { workers: 2 }, args: ['--listen', `127.0.0.1:${server.port}`] }),
    ).rejects.toThrow(/cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
  });
});

/** Puts a go.mod into the store, as another process may. */
async function put(server: ModhavenServer, version: string): Promise<void> {
  const folder = path.join(server.cacheDir, 'download/ex.com/m/@v');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${version}.mod`), 'module ex.com/m\n');
}

async function drain(agent: http.Agent, port: number, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http
      .get({ agent, host: '127.0.0.1', port, path: url }, (response) => {
        response.resume().on('end', resolve);
      })
      .on('error', reject);
  });
}
