/** How a server ends: in good order when told to, without leaving damage when killed. */
import { readdir, rmdir } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { goClient } from '../support/go.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask, logged, until } from '../support/ask.js';
import { gateTo, type Gate } from '../support/relays/gate.js';
import { noise } from '../support/noise.js';

const MODULE = 'mycompany.com/go/big';
const ZIP = `/${MODULE}/@v/v1.0.0.zip`;
/** More than the buffers of both ends of a connection hold. */
const SIZE = 10_000_000;

let git: GitHttpHost;
let gate: Gate;
let server: ModhavenServer;

const vanity = () => ({ host: 'mycompany.com', paths: { '/go/big': `${gate.url}/big.git` } });

beforeAll(async () => {
  if (missing('git')) return;
  const root = await tempDir('shutdown');
  const big = await repo(path.join(root, 'big.git'));
  await big.write({ 'go.mod': `module ${MODULE}\n`, 'big.bin': noise(SIZE) }).commit('first');
  await big.manyTags(['v1.0.0', 'v1.0.1']);
  git = await gitHttpHost(root);
  gate = await gateTo(git.port);
});
afterAll(async () => {
  if (missing('git')) return;
  await gate.stop();
  await git.stop();
});

beforeEach(() => gate.open());
afterEach(async () => server.stop());

/** Everything below the cache directory, without what may be deleted at any time. */
async function stored(cacheDir: string): Promise<string[]> {
  const names = await readdir(path.join(cacheDir, 'download'), { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const processes = [{ workers: 1 }, { workers: 2 }];

describe.skipIf(missing('git')).each(processes)('SIGTERM with $workers worker(s)', (config) => {
  beforeEach(async () => {
    server = await startServer({ config: { ...config }, vanity: vanity() });
    await logged(server, 'modhaven is ready'); // the first worker answers before the second does
  });

  it('lets a fetch that is running end well, turns new requests away, and exits with 0', async () => {
    gate.close();
    const running = ask(server.url, ZIP);
    expect(
      await until(
        () => gate.waiting(),
        (count) => count > 0,
      ),
    ).toBe(1);
    server.signal('SIGTERM');
    await until(
      () => server.logs(),
      (log) => log.includes('running requests are finished first'),
    );
    // The address stays open: a refused connection would look like an outage to whatever balances the load.
    for (const path of ['/-/readyz', `/${MODULE}/@v/list`]) {
      const { status, headers } = await ask(server.url, path);
      expect([status, headers['retry-after']]).toEqual([503, '5']);
    }
    gate.open();
    const { status, bytes, headers } = await running;
    expect([status, bytes.length]).toEqual([200, Number(headers['content-length'])]);
    expect(bytes.length).toBeGreaterThan(SIZE);
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect((await stored(server.cacheDir)).sort()).toEqual([
      'v1.0.0.info',
      'v1.0.0.mod',
      'v1.0.0.zip',
      'v1.0.0.ziphash',
    ]);
  });

  it('answers 503 on a connection that is still open', async () => {
    gate.close();
    const client = conversation(server.port);
    client.send(ZIP, 'HEAD');
    expect(
      await until(
        () => gate.waiting(),
        (count) => count > 0,
      ),
    ).toBe(1);
    server.signal('SIGTERM');
    await until(
      () => server.logs(),
      (log) => log.includes('running requests are finished first'),
    );
    client.send(`/${MODULE}/@v/v1.0.1.info`);
    gate.open();
    const [first = '', second = ''] = (await client.answer()).split(/(?=HTTP\/1\.1 503)/);
    expect(first).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(second).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(second).toMatch(/^retry-after: \d+\r$/im);
    expect(second).toMatch(/^content-type: text\/plain; charset=utf-8\r$/im);
    expect(second).toContain('modhaven is shutting down');
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('lets a download end that a slow client has begun', async () => {
    await ask(server.url, ZIP, { method: 'HEAD' });
    const response = await begin(`${server.url}${ZIP}`);
    server.signal('SIGTERM');
    await until(
      () => server.logs(),
      (log) => log.includes('running requests are finished first'),
    );
    let length = 0;
    for await (const chunk of response) length += (chunk as Buffer).length;
    expect(length).toBe(Number(response.headers['content-length']));
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('ends at once where only idle connections are open', async () => {
    const idle = conversation(server.port);
    idle.send('/-/readyz');
    await until(
      () => idle.text(),
      (text) => text.includes('ready'),
    );
    server.signal('SIGTERM');
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it('is not the only signal: SIGINT does the same, and the log says which it was', async () => {
    server.signal('SIGINT');
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(await logged(server, '"msg":"ended"')).toContain('"signal":"SIGINT"');
  });
});

describe.skipIf(missing('git')).each(processes)('shutdown_timeout with $workers worker(s)', (config) => {
  it('ends the server, and with it what still runs, with 1', async () => {
    server = await startServer({ config: { ...config, shutdown_timeout: '1s' }, vanity: vanity() });
    await logged(server, 'modhaven is ready');
    gate.close();
    const lost = outcomeOf(ask(server.url, ZIP));
    await until(
      () => gate.waiting(),
      (count) => count > 0,
    );
    server.signal('SIGTERM');
    expect(await server.exited).toEqual({ code: 1, signal: null });
    expect(await lost).toMatch(/socket hang up|ECONNRESET|^503$/);
    expect(server.logs()).toContain('requests were still running at the end of shutdown_timeout');
    gate.open();
  });
});

describe.skipIf(missing('git', 'go')).each(processes)('SIGKILL with $workers worker(s)', (config) => {
  beforeEach(async () => {
    server = await startServer({ config: { ...config }, vanity: vanity() });
    await logged(server, 'modhaven is ready'); // the first worker answers before the second does
  });

  /** Of a server that never died. */
  let sum: string | undefined;
  beforeAll(async () => {
    await using other = await startServer({ vanity: vanity() });
    await using go = await goClient({ GOPROXY: other.url });
    sum = (await go.downloadJson(`${MODULE}@v1.0.0`)).Sum;
    expect(sum).toMatch(/^h1:/);
  });

  /** Starts again with the same cache, and looks at what go gets. */
  async function expectWhole(killed: ModhavenServer): Promise<void> {
    await using next = await startServer({ dir: killed.dir, vanity: vanity() });
    await using go = await goClient({ GOPROXY: next.url });
    expect(await go.downloadJson(`${MODULE}@v1.0.0`)).toMatchObject({ Sum: sum });
    const files = (await stored(next.cacheDir)).filter((name) => !isTemporary(name));
    expect(files.sort()).toEqual(['v1.0.0.info', 'v1.0.0.mod', 'v1.0.0.zip', 'v1.0.0.ziphash']);
  }

  /**
   * Asks for the zip, and stops the server's main process, which writes, while it writes it. On a busy machine the zip may be
   * whole before anybody looks, or between the look and the stop: then anew.
   */
  async function stopWhileWriting(): Promise<{ lost: Promise<string> }> {
    for (let attempts = 1; ; attempts += 1) {
      await ask(server.url, `/${MODULE}/@v/v1.0.0.info`);
      const lost = outcomeOf(ask(server.url, ZIP));
      await until(
        () => stored(server.cacheDir),
        // Once .mod is there, the temporary file is the zip's.
        (all) => all.includes('v1.0.0.zip') || (all.includes('v1.0.0.mod') && all.some(isTemporary)),
      );
      server.signal('SIGSTOP');
      await sleep(50); // what its threads have in hand comes to an end
      const names = await stored(server.cacheDir);
      const isWritten = names.includes('v1.0.0.zip') || names.includes('v1.0.0.ziphash');
      if (names.some(isTemporary) && !isWritten) return { lost };
      server.signal('SIGCONT');
      expect(attempts).toBeLessThan(10);
      await lost;
      await server.stop();
      server = await startServer({ config: { ...config }, vanity: vanity() });
      await logged(server, 'modhaven is ready');
    }
  }

  it('in the middle of a fetch leaves nothing half-made', async () => {
    gate.close(2); // what the host can do, and its refs
    const lost = outcomeOf(ask(server.url, ZIP));
    expect(
      await until(
        () => gate.waiting(),
        (count) => count > 0,
      ),
    ).toBe(1);
    server.signal('SIGKILL');
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await lost).toMatch(/socket hang up|^503$/);
    expect(await stored(server.cacheDir).catch(() => [])).toEqual([]);
    await removeLocks(server.cacheDir);
    gate.open();
    await expectWhole(server);
  });

  it('in the middle of writing a zip leaves no part of it where a reader could see it', async () => {
    const { lost } = await stopWhileWriting();
    server.signal('SIGKILL');
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await lost).toMatch(/socket hang up|^503$/);
    const left = (await stored(server.cacheDir)).filter((name) => !isTemporary(name));
    expect(left).toEqual(['v1.0.0.info', 'v1.0.0.mod']);
    await expectWhole(server);
  });
});

function isTemporary(name: string): boolean {
  return name.startsWith('.tmp-');
}

/** What a client sees of a killed server: a worker may still have said that it cannot answer. */
async function outcomeOf(asked: Promise<{ status: number }>): Promise<string> {
  return asked.then(
    ({ status }) => String(status),
    (error: unknown) => String(error),
  );
}

/** Removes the locks of a killed server, which others take over after ten seconds. */
async function removeLocks(cacheDir: string): Promise<void> {
  const vcs = path.join(cacheDir, 'vcs');
  for (const name of await readdir(vcs, { recursive: true })) {
    if (name.endsWith('.git.lock')) await rmdir(path.join(vcs, name));
  }
}

/** A response whose body was not read yet. */
async function begin(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false }, resolve).on('error', reject);
  });
}

interface Conversation {
  send(path: string, method?: string): void;
  text(): string;
  /** All that was answered until the server closed the connection. */
  answer(): Promise<string>;
}

/** One connection, on which requests are sent without waiting for the answers. */
function conversation(port: number): Conversation {
  const socket: Socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
  return {
    send: (url, method = 'GET') => void socket.write(`${method} ${url} HTTP/1.1\r\nHost: x\r\n\r\n`),
    text: () => text,
    answer: async () => closed,
  };
}
