/** A server that is replaced while clients use it: the socket belongs to the program that starts it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, until } from '../../support/ask.js';
import { sealedEnv } from '../../support/run.js';
import { CLI } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';

/** What systemd does with a .socket unit: it holds the socket, and starts one process after the other with it. */
class Manager {
  private readonly shell: ChildProcess;
  private pid = 0;
  logs = '';

  private constructor(shell: ChildProcess) {
    this.shell = shell;
    for (const output of [shell.stdout, shell.stderr]) {
      output?.on('data', (text: Buffer) => (this.logs += String(text)));
    }
  }

  /** Resolves with the manager and the address that it holds. */
  static async open(): Promise<[Manager, string]> {
    const socket = createServer().listen(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address() as AddressInfo;
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    const shell = spawn('sh', { stdio: ['pipe', 'pipe', 'pipe', fd], env: sealedEnv() });
    socket.close(); // only the processes that are started accept from it
    return [new Manager(shell), `http://127.0.0.1:${port}`];
  }

  async start(configFile: string): Promise<void> {
    const from = this.logs.length;
    const command = `exec ${process.execPath} ${CLI} serve --config ${configFile}`;
    this.shell.stdin?.write(`sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 ${command}' </dev/null & echo "pid $!"\n`);
    const log = await until(
      () => this.logs.slice(from),
      (text) => text.includes('modhaven is ready'),
    );
    this.pid = Number(/pid (\d+)/.exec(log)?.[1]);
  }

  /** Resolves with the exit code of the process that runs. */
  async stop(): Promise<string | undefined> {
    const from = this.logs.length;
    process.kill(this.pid, 'SIGTERM');
    this.shell.stdin?.write(`wait ${this.pid}; echo "exit $?"\n`);
    const log = await until(
      () => this.logs.slice(from),
      (text) => text.includes('\nexit '),
    );
    return /exit (\d+)/.exec(log)?.[1];
  }

  async close(): Promise<void> {
    await this.stop();
    this.shell.stdin?.end();
    this.shell.kill();
  }
}

let manager: Manager;
afterEach(() => manager.close());

/** Sends requests on kept connections until `isOver`; counts replies by status, and what failed. */
async function load(url: string, counts: Record<string, number>, isOver: () => boolean): Promise<void> {
  const clients = 8;
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const one = () =>
    new Promise<string>((resolve) => {
      const request = http.get(`${url}/-/healthz`, { agent }, (response) => {
        response.resume().on('end', () => resolve(String(response.statusCode)));
        response.on('error', ({ message }) => resolve(message));
      });
      request.on('error', ({ message }) => resolve(message));
    });
  const client = async () => {
    while (!isOver()) {
      const result = await one();
      counts[result] = (counts[result] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
}

describe.each([1, 2])('a server with an inherited socket and workers: %d', (workers) => {
  it('is replaced under load without a request that fails', async () => {
    const dir = await tempDir('hand-over');
    const config = path.join(dir, 'modhaven.yaml');
    await writeFile(config, `workers: ${workers}\nvanity: ./vanity.yaml\n`);
    await writeFile(path.join(dir, 'vanity.yaml'), 'paths: {}\n');
    const [opened, url] = await Manager.open();
    manager = opened;
    await manager.start(config);
    expect((await ask(url, '/-/readyz')).status).toBe(200);
    let isOver = false;
    const counts: Record<string, number> = {};
    const loaded = load(url, counts, () => isOver);
    const answered = (count: number) =>
      until(
        () => counts['200'] ?? 0,
        (found) => found >= count,
      );
    const before = await answered(50);
    expect(await manager.stop()).toBe('0');
    await manager.start(config);
    await answered(before + 100);
    isOver = true;
    await loaded;
    expect(Object.keys(counts)).toEqual(['200']);
    const { host } = new URL(url);
    expect(manager.logs).toContain(`"inherited socket ${host}","url":"${url}"`);
    expect(manager.logs).toContain('the service manager chose the address');
    // It is one of this machine alone.
    expect(manager.logs).not.toContain('everybody who reaches this server');
  });
});
