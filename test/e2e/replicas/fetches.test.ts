/** How often the git host is asked by three replicas together, beside one alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsIn } from '../../support/hosts/git-http-host.js';
import { missing } from '../../support/requirements.js';
import type { ModhavenServer } from '../../support/server.js';
import { ask } from '../../support/ask.js';
import { at, startReplicas, type ReplicaWorld } from './world.js';

const ALONE = 'm0';
const TOGETHER = ['m1', 'm2', 'm3'];

describe.skipIf(missing('git', 'go', 'nginx', 'redis-server')).each([
  { hasRedis: true, most: 1, name: 'with Redis' },
  { hasRedis: false, most: 3, name: 'without Redis' },
])('three replicas $name', ({ hasRedis, most }) => {
  let world: ReplicaWorld;
  /** The packs that one replica needs for a version. */
  let alone: number;
  beforeAll(async () => {
    world = await startReplicas({ hasRedis });
    await getAll(ALONE, world.replicas.slice(0, 1));
    alone = packsOf(ALONE);
  });
  afterAll(() => world.stop());

  /** All parts of a version, of each of these replicas, at once. */
  async function getAll(module: string, replicas: readonly ModhavenServer[]): Promise<void> {
    const asked = replicas.flatMap(({ url }) =>
      ['zip', 'info', 'mod'].map(async (kind) => {
        const path = at(module, 0, kind);
        return world.see(path, await ask(url, path));
      }),
    );
    expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
  }
  const packsOf = (module: string) =>
    commandsIn(world.git.requests.filter(({ url }) => url.startsWith(`/${module}.git/`))).filter(
      (command) => command === 'fetch',
    ).length;

  it(`fetch a version at most ${most === 1 ? 'once' : 'once each'} when all are asked at once`, async () => {
    expect(alone).toBeGreaterThan(0);
    for (const module of TOGETHER) {
      await getAll(module, world.replicas);
      expect(packsOf(module), module).toBeLessThanOrEqual(most * alone);
    }
  });

  it('fetch nothing again and list nothing, whichever is asked later', async () => {
    const before = TOGETHER.map(packsOf);
    world.store.requests.length = 0;
    for (const module of TOGETHER) await getAll(module, world.replicas);
    expect(TOGETHER.map(packsOf)).toEqual(before);
    expect(world.store.requests.filter((request) => request.includes('list-type='))).toEqual([]);
  });

  it('ask the bucket for little: one that fetches a version, and one that finds it stored', async () => {
    const askedFor = async (url = '') => {
      world.store.requests.length = 0;
      for (const kind of ['info', 'mod', 'zip']) expect((await ask(url, at('m5', 0, kind))).status).toBe(200);
      return world.store.requests.filter((request) => request.includes('/m5/@v/'));
    };
    const [fetching, reading] = world.replicas;
    const cold = await askedFor(fetching?.url);
    // Those for the checksum database are not among them, nor the note of the first requester.
    expect(cold.length, cold.join('\n')).toBeLessThanOrEqual(19);
    const stored = await askedFor(reading?.url);
    expect(stored.length, stored.join('\n')).toBeLessThanOrEqual(5);
  });

  it('fetch a version once when nginx spreads a hundred clients', async () => {
    const clients = Array.from({ length: 100 }, () => ask(world.nginx.url, at('m4', 0)));
    const answers = await Promise.all(clients);
    expect(new Set(answers.map((answer) => world.see(at('m4', 0), answer)))).toEqual(new Set([200]));
    expect(packsOf('m4')).toBe(alone);
  });
});
