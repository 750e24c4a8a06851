/** Many clients want the same thing at once, and some take it very slowly. */
import { readdir } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDescendants } from '../chaos/processes.js';
import { commandsIn, gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { peakMemory } from '../support/process/memory.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask, logged, until } from '../support/ask.js';
import { noise } from '../support/noise.js';

const SMALL = '/many.example/small/@v/v1.0.0';
const BIG = '/many.example/big/@v/v1.0.0.zip';
/** More than the buffers of both ends of a connection hold. */
const SIZE = 12_000_000;

describe.skipIf(missing('git')).each([{ workers: 1 }, { workers: 2 }])('$workers worker(s)', (config) => {
  let git: GitHttpHost;
  let server: ModhavenServer;

  beforeAll(async () => {
    const root = await tempDir('many');
    const small = await repo(path.join(root, 'small.git'));
    await small.write({ 'go.mod': 'module many.example/small\n', 'x.go': 'package x\n' }).commit('one');
    await small.tag('v1.0.0');
    const big = await repo(path.join(root, 'big.git'));
    await big.write({ 'go.mod': 'module many.example/big\n', 'noise.bin': noise(SIZE) }).commit('one');
    await big.tag('v1.0.0');
    git = await gitHttpHost(root);
    server = await startServer({
      // A list that grows old under load would be asked for again.
      config: { ...config, refresh: '1h' },
      vanity: { host: 'many.example', paths: { '/{name}': `${git.url}/{name}.git` } },
    });
    await logged(server, 'modhaven is ready');
  });
  afterAll(async () => {
    await server.stop();
    await git.stop();
  });

  it('make one fetch of a version that 200 clients want at once', async () => {
    const parts = ['info', 'mod', 'zip'];
    const asked = Array.from({ length: 200 }, async (_, i) =>
      ask(server.url, `${SMALL}.${parts[i % 3] ?? ''}`),
    );
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ bytes }) => bytes.toString('base64'))).size).toBe(3);
    // One for the refs, and for the parts at most what a client alone would cost that asks for all three at once.
    const commands = commandsIn(git.requests.filter(({ url }) => url.startsWith('/small')));
    expect(commands.filter((command) => command === 'ls-refs')).toHaveLength(1);
    expect(commands.filter((command) => command === 'fetch').length).toBeLessThanOrEqual(3);
  });

  it('serve others while 50 clients read 1 KB a second, and let go of them when they leave', async () => {
    expect((await ask(server.url, BIG)).status).toBe(200);
    const handles = async () => (await readdir(`/proc/${server.pid}/fd`)).length;
    const before = await handles();
    const memory = async () => {
      const all = withDescendants(server.pid).filter(({ command }) => /worker\.js|cli\.js/.test(command));
      return (await Promise.all(all.map(({ pid }) => peakMemory(pid)))).reduce((sum, each) => sum + each, 0);
    };
    const memoryBefore = await memory();
    const slow = await Promise.all(Array.from({ length: 50 }, async () => slowReader(`${server.url}${BIG}`)));
    for (let i = 0; i < 3; i += 1) {
      const whole = await ask(server.url, BIG);
      expect([whole.status, whole.bytes.length]).toEqual([200, Number(whole.headers['content-length'])]);
      expect((await ask(server.url, `${SMALL}.info`)).status).toBe(200);
      expect((await ask(server.url, '/-/healthz')).status).toBe(200);
      await sleep(300);
    }
    expect(slow.filter((reader) => reader.isWaiting()).length).toBe(50);
    // If each of them had the file in memory, it would be 600.
    expect((await memory()) - memoryBefore).toBeLessThan(150);
    for (const reader of slow) reader.leave();
    expect(await until(handles, (now) => now <= before + 5)).toBeLessThanOrEqual(before + 5);
  });
});

/** A client that takes 1 KB a second from its connection. */
async function slowReader(url: string): Promise<{ isWaiting(): boolean; leave(): void }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    http.get(url, { agent: false }, resolve).on('error', reject);
  });
  const { socket } = response;
  response.on('error', () => undefined).pause();
  const timer = setInterval(() => void response.read(1024), 1000);
  return {
    isWaiting: () => !response.complete && !socket.destroyed,
    leave: () => {
      clearInterval(timer);
      socket.destroy();
    },
  };
}
