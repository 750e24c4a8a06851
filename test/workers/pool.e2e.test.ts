/** The workers of a running server. What happens when one dies or hangs is in test/e2e/faults/worker-faults.test.ts. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import http, { Agent } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withDescendants } from '../chaos/processes.js';
import { ask, logged, until } from '../support/ask.js';
import { startServer, type ModhavenServer } from '../support/server.js';

let server: ModhavenServer;
beforeAll(async () => {
  server = await startServer({ config: { workers: 2 } });
  await logged(server, 'modhaven is ready');
});
afterAll(async () => server.stop());

function workers(): number[] {
  const all = withDescendants(server.pid).filter(({ command }) => command.includes('worker.js'));
  return all.map(({ pid }) => pid);
}

/** Open connections to the address of the server that a process holds. */
function connectionsOf(pid: number): number {
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  const port = server.port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set(
    rows.flatMap((row) => {
      const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
      return local.endsWith(`:${port}`) && state === '01' ? [`socket:[${inode}]`] : [];
    }),
  );
  const files = readdirSync(`/proc/${pid}/fd`).map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return ''; // closed meanwhile
    }
  });
  return files.filter((file) => inodes.has(file)).length;
}

function get(agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get(`${server.url}/-/healthz`, { agent }, (response) => {
      response.resume().on('end', () => resolve());
    });
    request.on('error', reject);
  });
}

it('spreads kept connections that all came to one worker', async () => {
  const [stopped = 0, busy = 0] = workers();
  const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  process.kill(stopped, 'SIGSTOP');
  try {
    await Promise.all(agents.map(get));
    expect(connectionsOf(busy)).toBe(8);
  } finally {
    process.kill(stopped, 'SIGCONT');
  }
  const held = await until(
    async () => {
      for (const agent of agents) await get(agent);
      return connectionsOf(busy);
    },
    (count) => count <= 5,
    60_000,
  );
  for (const agent of agents) agent.destroy();
  expect(held).toBeLessThanOrEqual(5);
});

it('hands changed settings to every worker', async () => {
  const status = async (): Promise<number> => (await ask(server.url, '/-/status')).status;
  expect(await status()).toBe(200);
  await server.writeConfig({ workers: 2, admin: ['192.0.2.1'] });
  const refused = await until(
    async () => Promise.all(Array.from({ length: 8 }, status)),
    (all) => all.every((one) => one === 403),
  );
  expect(new Set(refused)).toEqual(new Set([403]));
});
