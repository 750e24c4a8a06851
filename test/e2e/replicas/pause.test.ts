/** A replica that is paused between its fetch and its first write, for longer than its lease. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LeaseKeys } from '../../../src/redis/lease-scripts.js';
import { faultyS3, type FaultyS3 } from '../../support/relays/faulty-s3.js';
import { missing } from '../../support/requirements.js';
import type { ModhavenServer } from '../../support/server.js';
import { ask, until } from '../../support/ask.js';
import { at, expectAllInOrder, startReplicas, type ReplicaWorld } from './world.js';

/** A lease lasts nine seconds. Once a night: a minute. */
const PAUSE_MS = process.env.MODHAVEN_SLOW === '1' ? 60_000 : 10_000;
const MODULE = 'm0';
const PATH = at(MODULE, 0);

describe.skipIf(missing('git', 'go', 'nginx', 'redis-server'))('a replica that was paused', () => {
  let world: ReplicaWorld;
  let relay: FaultyS3;
  let paused: ModhavenServer;
  beforeAll(async () => {
    world = await startReplicas();
    relay = await faultyS3(world.s3.port);
    paused = await world.startReplica(4, { endpoint: relay.url });
  });
  afterAll(async () => {
    paused.signal('SIGCONT');
    await paused.stop();
    await world.stop();
    await relay.stop();
  });

  it('has lost its lease, and gives what the others stored meanwhile', async () => {
    await using redis = await redisClient(world.redis.url);
    const lease = new LeaseKeys('go-modules/x/').lease(`corp.test/${MODULE}@v1.0.0`);
    relay.decide = (request) => (/^PUT .*\/corp\.test\/m0\/@v\//.test(request) ? 'held' : undefined);
    const late = ask(paused.url, PATH);
    await until(
      () => relay.requests.filter((request) => request.startsWith('PUT ') && request.includes(MODULE)),
      (writes) => writes.length > 0,
    );
    const held = await redis.get(lease);
    expect(held).toMatch(/:\d+$/);
    paused.signal('SIGSTOP');

    // The tag moves: what the others fetch is another content than the one that is about to be written.
    const [repo] = world.repos;
    repo?.write({ 'x.go': 'package x // moved\n' });
    await repo?.commit('second');
    await repo?.tag('v1.0.0', { force: true });
    const [answers] = await Promise.all([
      Promise.all(world.replicas.map(({ url }) => ask(url, PATH))),
      sleep(PAUSE_MS),
    ]);
    expect(answers.map((answer) => world.see(PATH, answer))).toEqual([200, 200, 200]);

    relay.decide = undefined;
    relay.release();
    paused.signal('SIGCONT');
    // `see` compares with what the others gave.
    expect(world.see(PATH, await late)).toBe(200);
    expect(world.see(PATH, await ask(paused.url, PATH))).toBe(200);
    expect(await redis.get(lease)).not.toBe(held);
    expect(await world.get(PATH)).toBe(200);
  });

  it('leaves a store in which everything is what it should be', () => expectAllInOrder(world.replicas[2]));
});

async function redisClient(url: string) {
  const client = await createClient({ url }).connect();
  return {
    get: (key: string) => client.get(key),
    [Symbol.asyncDispose]: async () => client.close(),
  };
}
