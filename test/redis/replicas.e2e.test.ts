/** Leases and messages over a real Redis: spared work while it is there, and the same answers while it is not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { Replicas } from '../../src/redis/replicas.js';
import { redisHost, type RedisHost } from '../support/redis-host.js';
import { missing } from '../support/requirements.js';
import { until } from '../e2e/ask.js';

const log = { info: () => undefined, warn: () => undefined };

describe.skipIf(missing('redis-server'))('replicas with a Redis', () => {
  let redis: RedisHost;
  let opened: Replicas[];
  let heard: string[];

  async function replica(name: string, url = redis.url): Promise<Replicas> {
    const replicas = new Replicas({ url, patienceMs: () => 5_000, log });
    await replicas.listen({
      onPush: (push) => heard.push(`${name} push ${JSON.stringify(push)}`),
      onPurge: () => heard.push(`${name} purge`),
      onReload: () => heard.push(`${name} reload`),
      onMissed: () => heard.push(`${name} missed`),
    });
    opened.push(replicas);
    await until(
      () => replicas.report(),
      (report) => report?.reached === true,
    );
    return replicas;
  }

  beforeEach(async () => {
    redis = await redisHost();
    opened = [];
    heard = [];
  });
  afterEach(async () => {
    opened.forEach((replicas) => replicas.close());
    await redis.stop();
  });

  /** A version that is stored by whoever fetches it. */
  function version(ms = 100) {
    const state = { fetches: 0, stored: undefined as string | undefined };
    const find = () => Promise.resolve(state.stored);
    const work = async () => {
      state.fetches += 1;
      await sleep(ms);
      return (state.stored ??= 'content');
    };
    return { state, find, work };
  }

  it('fetches once what several ask for', async () => {
    const all = await Promise.all(['a', 'b', 'c'].map((name) => replica(name)));
    const { state, find, work } = version();
    const got = await Promise.all(all.map(({ lease }) => lease.run('m@v1', find, work)));
    expect([got, state.fetches]).toEqual([['content', 'content', 'content'], 1]);
  });

  it('tells those who wait what the holder found not to exist', async () => {
    const [a, b] = [await replica('a'), await replica('b')];
    let asked = 0;
    const absent = async () => {
      asked += 1;
      await sleep(100);
      throw new ModhavenError('VERSION_NOT_FOUND', 'not found: m@v1', { reason: 'no tag' });
    };
    const find = () => Promise.resolve(undefined);
    const outcomes = await Promise.allSettled([
      a.lease.run('m@v1', find, absent),
      b.lease.run('m@v1', find, absent),
    ]);
    expect(outcomes).toMatchObject([
      { reason: { code: 'VERSION_NOT_FOUND', reason: 'no tag' } },
      { reason: { code: 'VERSION_NOT_FOUND', reason: 'no tag' } },
    ]);
    expect(asked).toBe(1);
  });

  it('leaves work that failed otherwise to the next one', async () => {
    const [a, b] = [await replica('a'), await replica('b')];
    const { state, find, work } = version();
    const failing = () => sleep(50).then(() => Promise.reject(new Error('the host broke off')));
    const [first, second] = await Promise.allSettled([
      a.lease.run('m@v1', find, failing),
      sleep(10).then(() => b.lease.run('m@v1', find, work)),
    ]);
    expect([first.status, second.status, state.fetches]).toEqual(['rejected', 'fulfilled', 1]);
  });

  it('goes on with the work while Redis is gone, silent or emptied, and spares it again afterwards', async () => {
    const [a, b] = [await replica('a'), await replica('b')];
    let versions = 0;
    const both = async () => {
      const { state, find, work } = version();
      const key = `m@v${(versions += 1)}`;
      const got = await Promise.all([a, b].map(({ lease }) => lease.run(key, find, work)));
      expect(got).toEqual(['content', 'content']);
      return state.fetches;
    };
    expect(await both()).toBe(1);
    redis.signal('SIGSTOP');
    expect(await both()).toBe(2);
    redis.signal('SIGCONT');
    expect(await until(both, (fetches) => fetches === 1, 5_000)).toBe(1);
    const { port } = redis;
    await redis.stop();
    expect(await both()).toBe(2);
    redis = await redisHost(port);
    expect(await until(both, (fetches) => fetches === 1, 10_000)).toBe(1);
    expect(heard).toContain('a missed');
  });

  it('a holder that was paused does not end the lease of the next one', async () => {
    const [a, b] = [await replica('a'), await replica('b')];
    const find = () => Promise.resolve(undefined);
    let finishFirst: () => void = () => undefined;
    const first = a.lease.run(
      'm@v1',
      find,
      () => new Promise<string>((resolve) => (finishFirst = () => resolve('a'))),
    );
    await sleep(50);
    const { createClient } = await import('redis');
    const client = await createClient({ url: redis.url }).connect();
    await client.del('modhaven:lease:m@v1'); // as if it had ended while its holder was paused
    let isDone = false;
    const second = b.lease.run('m@v1', find, () => sleep(300).then(() => ((isDone = true), 'b')));
    await sleep(50);
    finishFirst();
    expect(await first).toBe('a');
    await sleep(50);
    expect(await client.get('modhaven:lease:m@v1')).not.toBeNull();
    expect(isDone).toBe(false);
    expect(await second).toBe('b');
    client.destroy();
  });

  it('passes on pushes, purges and edits to the others', async () => {
    const [a] = [await replica('a'), await replica('b')];
    await sleep(100);
    a.tellPush({ forge: 'gitea' });
    a.tellPurge();
    a.tellReload();
    await until(
      () => heard.length,
      (count) => count >= 3,
    );
    expect(heard.sort()).toEqual(['b purge', 'b push {"forge":"gitea"}', 'b reload']);
  });

  it('waits for nothing where no Redis listens', async () => {
    const alone = new Replicas({ url: 'redis://127.0.0.1:9/0', patienceMs: () => 5_000, log });
    opened.push(alone);
    await alone.listen({
      onPush: () => undefined,
      onPurge: () => undefined,
      onReload: () => undefined,
      onMissed: () => undefined,
    });
    const { find, work } = version(1);
    expect(await alone.lease.run('m@v1', find, work)).toBe('content');
  });
});
