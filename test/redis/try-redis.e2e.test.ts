import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryRedis } from '../../src/redis/try-redis.js';
import { freePort } from '../support/loopback.js';
import { redisHost, type RedisHost } from '../support/hosts/redis-host.js';
import { missing } from '../support/requirements.js';

describe.skipIf(missing('redis-server'))('a Redis that is tried', () => {
  let redis: RedisHost;
  beforeAll(async () => {
    redis = await redisHost();
  });
  afterAll(() => redis.stop());

  it('does all that replicas need', async () => {
    expect(await tryRedis(redis.url, 60_000)).toBeUndefined();
  });

  it('does not know the login, the database, or is not there', async () => {
    const { port } = redis;
    const tried = (url: string) => tryRedis(url, 60_000);
    expect(await tried(`redis://eve:wrong-password@127.0.0.1:${port}/0`)).toContain(
      'the user name or the password',
    );
    expect(await tried(`redis://127.0.0.1:${port}/99`)).toContain('no database of the number');
    expect(await tried(`redis://127.0.0.1:${await freePort()}/0`)).toContain(
      'nothing listens at its address',
    );
  });

  it('says nothing', async () => {
    redis.signal('SIGSTOP');
    try {
      expect(await tryRedis(redis.url, 200)).toMatch(/did not answer|timeout/i);
    } finally {
      redis.signal('SIGCONT');
    }
  });
});
