/** Three replicas, one of which is killed, one paused and one parted from Redis, which then goes altogether. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../../support/requirements.js';
import { ask } from '../../support/ask.js';
import { MODULES, at, expectAllInOrder, startReplicas, type ReplicaWorld } from './world.js';

describe.skipIf(missing('git', 'go', 'nginx', 'redis-server'))('three replicas', () => {
  let world: ReplicaWorld;
  beforeAll(async () => {
    world = await startReplicas();
  }, 120_000);
  afterAll(() => world.stop());

  it('have one checksum database', async () => {
    const lookup = (name: string) => `/sumdb/sum.corp.test/lookup/corp.test/${name}@v1.0.0`;
    for (const [i, name] of MODULES.entries()) {
      expect((await ask(world.replicas[i % 3]?.url ?? '', lookup(name))).status).toBe(200);
    }
    const numbers = async (url: string) =>
      Promise.all(MODULES.map(async (name) => (await ask(url, lookup(name))).text.split('\n')[0]));
    const [first, ...others] = await Promise.all(world.replicas.map(({ url }) => numbers(url)));
    expect(new Set(first).size).toBe(MODULES.length);
    for (const other of others) expect(other).toEqual(first);
  });

  it('go on when one is parted from Redis', async () => {
    const [link] = world.links;
    link?.part();
    const built = world.build(5);
    // It has something to ask there.
    expect((await ask(world.replicas[0]?.url ?? '', at('m0', 4))).status).toBe(200);
    expect(await built).toMatchObject({ code: 0 });
    link?.heal();
    expect(world.replicas[0]?.logs()).toContain('Redis does not answer: replicas work without it');
  });

  it('go on when one is killed, when one is paused, and when Redis is gone', async () => {
    const [first, second] = world.replicas;
    const load = (version: number) => Promise.all(MODULES.map((name) => world.get(at(name, version))));
    const killed = world.build(6);
    const beside = load(9);
    await sleep(300);
    first?.signal('SIGKILL');
    expect(await killed).toMatchObject({ code: 0 });
    expect(await beside).toEqual(MODULES.map(() => 200));

    // Paused in the middle of its work, with its leases: they end, and what it does afterwards changes nothing.
    const paused = MODULES.map((name) => ask(second?.url ?? '', at(name, 7)).catch(() => undefined));
    await sleep(150);
    second?.signal('SIGSTOP');
    expect(await load(7)).toEqual(MODULES.map(() => 200));
    await world.redis.stop();
    expect(await load(8)).toEqual(MODULES.map(() => 200));
    second?.signal('SIGCONT');
    for (const [i, answer] of (await Promise.all(paused)).entries()) {
      if (answer !== undefined) world.see(at(MODULES[i] ?? '', 7), answer);
    }
    for (const name of MODULES) {
      for (const each of [second, world.replicas[2]]) {
        expect(world.see(at(name, 7), await ask(each?.url ?? '', at(name, 7)))).toBe(200);
      }
    }
  });

  it('leave a store in which everything is what it should be', () => expectAllInOrder(world.replicas[2]));
});
