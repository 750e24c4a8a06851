/** The load balancers of deploy/replicas, as they are shipped but for addresses, before three replicas that are stand-ins. */
import { createServer, type IncomingMessage } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask } from '../support/ask.js';
import { startDaemon, type Daemon } from '../support/process/daemon.js';
import { envoyPath } from '../support/hosts/envoy.js';
import { answersOk, freePort, listenOnLoopback, type LoopbackHost } from '../support/loopback.js';
import { missing, programPath } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';

const REPLICAS = fileURLToPath(new URL('../../deploy/replicas', import.meta.url));

interface StandIn {
  port: number;
  /** What it was asked: not for its health. */
  asked: IncomingMessage[];
  status: number;
  host: LoopbackHost;
}

async function standIn(name: string): Promise<StandIn> {
  const server = createServer((request, response) => {
    if (request.url === '/-/healthz') {
      response.end('ok');
      return;
    }
    self.asked.push(request);
    request.resume();
    response.writeHead(self.status, { 'x-replica': name });
    response.end(name);
  });
  const host = await listenOnLoopback(server);
  const self: StandIn = { port: host.port, asked: [], status: 200, host };
  return self;
}

interface Balancer {
  name: 'nginx' | 'haproxy' | 'envoy';
  file: string;
  /** The shipped file with the ports of this test. */
  settings: (shipped: string, port: number, replicas: number[]) => string;
  args: (dir: string, file: string) => string[];
}

const BALANCERS: Balancer[] = [
  {
    name: 'nginx',
    file: 'nginx.conf',
    settings: (shipped, port, replicas) =>
      shipped
        .replace('listen 80;', `listen 127.0.0.1:${port};`)
        .replace(/10\.0\.0\.1(\d):10000/g, (_, i: string) => `127.0.0.1:${replicas[Number(i) - 1]}`),
    args: (dir, file) => {
      const user = process.getuid?.() === 0 ? 'user root;' : '';
      const more = `daemon off; ${user} pid ${dir}/nginx.pid; error_log stderr;`;
      return ['-p', dir, '-c', file, '-e', 'stderr', '-g', more];
    },
  },
  {
    name: 'haproxy',
    file: 'haproxy.cfg',
    settings: (shipped, port, replicas) =>
      shipped
        .replace('bind :80', `bind 127.0.0.1:${port}`)
        .replace(/10\.0\.0\.1(\d):10000/g, (_, i: string) => `127.0.0.1:${replicas[Number(i) - 1]}`),
    args: (_, file) => ['-db', '-f', file],
  },
  {
    name: 'haproxy',
    file: '../kubernetes/replicas/haproxy.cfg',
    settings: (shipped, port, replicas) =>
      shipped
        .replace('bind :8080', `bind 127.0.0.1:${port}`)
        .replace(/(server replica\d) modhaven-(\d)\.\S+:10000/g, (_, server: string, i: string) =>
          [server, `127.0.0.1:${replicas[Number(i)]}`].join(' '),
        ),
    args: (_, file) => ['-db', '-f', file],
  },
  {
    name: 'envoy',
    file: 'envoy.yaml',
    settings: (shipped, port, replicas) =>
      shipped
        .replace('address: 0.0.0.0, port_value: 80 ', `address: 127.0.0.1, port_value: ${port} `)
        .replace(
          /replica(\d)\.corp, port_value: 10000/g,
          (_, i: string) => `127.0.0.1, port_value: ${replicas[Number(i) - 1]}`,
        ),
    args: (_, file) => ['-c', file, '--disable-hot-restart', '--concurrency', '1', '-l', 'error'],
  },
];

const isAbsent = (name: Balancer['name']) =>
  name === 'envoy' ? programPath('envoy') === undefined && missing('pip3') : missing(name);
const programOf = (name: Balancer['name']) => (name === 'envoy' ? envoyPath() : programPath(name));

describe.each(BALANCERS)('$name, $file', ({ name, file, settings, args }) => {
  describe.skipIf(isAbsent(name))('as it is shipped', () => {
    let replicas: StandIn[];
    let daemon: Daemon | undefined;
    let url: string;

    beforeAll(async () => {
      replicas = await Promise.all(['one', 'two', 'three'].map(standIn));
      const [dir, port] = [await tempDir(name), await freePort()];
      const shipped = await readFile(path.join(REPLICAS, file), 'utf8');
      const conf = path.join(dir, path.basename(file));
      const ports = replicas.map((replica) => replica.port);
      await writeFile(conf, settings(shipped, port, ports));
      daemon = await startDaemon((await programOf(name)) ?? name, args(dir, conf), {
        isReady: () => answersOk(port, '/ready'),
      });
      url = `http://127.0.0.1:${port}`;
      // Envoy asks nothing of a replica whose health it does not know, and begins with the first one that it knows.
      await vi.waitFor(
        async () => {
          const answered = await Promise.all(modules.map((module) => whoHas(`${module}/@v/list`)));
          if (new Set(answered).size < 3) throw new Error('not all replicas were asked');
        },
        { timeout: 30_000 },
      );
    });
    afterAll(async () => {
      await daemon?.stop();
      await Promise.all(replicas.map(({ host }) => host.stop()));
    });
    afterEach(() => {
      for (const replica of replicas) Object.assign(replica, { status: 200, asked: [] });
    });

    const whoHas = async (asked: string) => (await ask(url, asked)).headers['x-replica'];
    const modules = Array.from({ length: 60 }, (_, i) => `/corp.test/!team/m${i}`);

    it('asks the same replica for all of a module, and all replicas for all modules', async () => {
      const found = new Set<unknown>();
      for (const module of modules) {
        const paths = ['@v/list', '@v/v1.0.0.info', '@v/v1.0.0.zip', '@latest'];
        const answers = await Promise.all(paths.map((each) => whoHas(`${module}/${each}`)));
        expect(new Set(answers).size, module).toBe(1);
        found.add(answers[0]);
      }
      expect(found.size).toBe(3);
    });

    it('asks another replica where one cannot, for what changes nothing', async () => {
      const module = '/corp.test/lib/@v/v1.0.0.zip';
      const first = await whoHas(module);
      const broken = replicas[['one', 'two', 'three'].indexOf(String(first))];
      if (broken === undefined) throw new Error('no replica answered');
      broken.status = 503;
      const other = await ask(url, module);
      expect([other.status, other.headers['x-replica'] === first]).toEqual([200, false]);
      for (const replica of replicas) replica.status = 503;
      for (const replica of replicas) replica.asked = [];
      expect((await ask(url, '/-/webhook', { method: 'POST' })).status).toBe(503);
      expect(replicas.flatMap(({ asked }) => asked)).toHaveLength(1);
    });

    it('tells a replica the address of the client, and lets no client say what only a web server may', async () => {
      await ask(url, '/corp.test/lib/@v/list', {
        headers: {
          host: 'goproxy.corp.test',
          'x-original-uri': '/secret',
          'x-original-method': 'GET',
          'x-sendfile-type': 'X-Accel-Redirect',
        },
      });
      const { headers = {} } = replicas.flatMap(({ asked }) => asked)[0] ?? {};
      expect(headers).toMatchObject({
        host: 'goproxy.corp.test',
        'x-forwarded-for': expect.stringMatching(/^[\d.]+$/) as string,
      });
      const only = ['x-original-uri', 'x-original-method', 'x-sendfile-type'];
      expect(only.filter((header) => headers[header] !== undefined)).toEqual([]);
    });

    it('keeps figures and rules to itself', async () => {
      for (const each of ['/-/status', '/-/metrics', '/-/status/x']) {
        expect((await ask(url, each)).status, each).toBe(403);
      }
    });

    it('answers every module while a replica is gone', async () => {
      await replicas[1]?.host.stop();
      const statuses = await Promise.all(
        modules.map(async (each) => (await ask(url, `${each}/@v/list`)).status),
      );
      expect(statuses).toEqual(modules.map(() => 200));
    });
  });
});
