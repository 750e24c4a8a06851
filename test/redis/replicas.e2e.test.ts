/** Leases and messages over a real Redis: spared work while it is there, and the same answers while it is not. */
import { randomUUID } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { LeaseKeys, keyPrefix } from '../../src/redis/lease-scripts.js';
import { Replicas } from '../../src/redis/replicas.js';
import { listenOnLoopback } from '../support/loopback.js';
import { redisHost, type RedisHost, type RedisProgram } from '../support/hosts/redis-host.js';
import { missing } from '../support/requirements.js';
import { tcpRelay } from '../support/relays/tcp-relay.js';
import { until } from '../support/ask.js';

const log = { info: () => undefined, warn: () => undefined };

/** What the replicas share. */
const STORE = { bucket: 'go-modules', prefix: 'x/' };
const KEY = { group: 'm@v1', name: 'm@v1.zip' };
const PROGRAMS: RedisProgram[] = ['redis-server', 'valkey-server'];

/** Something that is waited for, and when it starts. */
function startable(): { start: () => void; started: Promise<void> } {
  let start!: () => void;
  const started = new Promise<void>((resolve) => (start = resolve));
  return { start, started };
}

for (const program of PROGRAMS) {
  describe.skipIf(missing(program))(`replicas with ${program}`, () => {
    let redis: RedisHost;
    let opened: Replicas[];
    let heard: string[];
    /** That they listen to. */
    let channels: string[];

    async function replica(name: string, { url = redis.url, store = STORE } = {}): Promise<Replicas> {
      const replicas = new Replicas({ url, store, timeoutMs: () => 5_000, log });
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
      const channel = `${keyPrefix(`${store.bucket}/${store.prefix}`)}replicas`;
      channels.push(channel);
      const expected = channels.filter((each) => each === channel).length;
      await until(
        () => command('PUBSUB', 'NUMSUB', channel),
        (answer) => (answer as [string, number])[1] >= expected,
      );
      return replicas;
    }

    beforeAll(async () => {
      redis = await redisHost({ program });
    });
    afterAll(() => redis.stop());
    beforeEach(async () => {
      await command('FLUSHALL');
      [opened, heard, channels] = [[], [], []];
    });
    afterEach(() => opened.forEach((replicas) => replicas.close()));

    /** A version that is stored by the replica that fetches it. */
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

    /** How often something is fetched that all of them ask for at once. Whatever happens, they get the same. */
    async function fetchesOf(...all: Replicas[]): Promise<number> {
      const { state, find, work } = version();
      const group = randomUUID();
      const key = { group, name: `${group}.zip` };
      const got = await Promise.all(all.map(({ lease }) => lease.run(key, find, work)));
      expect(got).toEqual(all.map(() => 'content'));
      return state.fetches;
    }

    async function command(...args: string[]): Promise<unknown> {
      const client = await createClient({ url: redis.url }).connect();
      try {
        return await client.sendCommand(args);
      } finally {
        client.destroy();
      }
    }

    it('fetches once what several ask for', async () => {
      const all = await Promise.all(['a', 'b', 'c'].map((name) => replica(name)));
      const { state, find, work } = version();
      const got = await Promise.all(all.map(({ lease }) => lease.run(KEY, find, work)));
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
        a.lease.run(KEY, find, absent),
        b.lease.run(KEY, find, absent),
      ]);
      expect(outcomes).toMatchObject([
        { reason: { code: 'VERSION_NOT_FOUND', reason: 'no tag' } },
        { reason: { code: 'VERSION_NOT_FOUND', reason: 'no tag' } },
      ]);
      expect(asked).toBe(1);
    });

    it('fetches the parts of a version in one replica at a time, and there at once', async () => {
      const [a, b] = [await replica('a'), await replica('b')];
      const parts = { info: version(1_500), mod: version(), zip: version() };
      const at = ({ lease }: Replicas, kind: keyof typeof parts) =>
        lease.run({ ...KEY, name: `m@v1.${kind}` }, parts[kind].find, parts[kind].work);
      const first = at(a, 'info');
      await until(
        () => parts.info.state.fetches,
        (fetches) => fetches === 1,
      );
      const others = [at(b, 'zip'), at(b, 'mod'), at(a, 'zip'), at(a, 'mod')];
      await until(
        () => parts.zip.state.fetches + parts.mod.state.fetches,
        (fetches) => fetches === 2,
      );
      expect(parts.info.state.stored).toBeUndefined();
      expect(new Set(await Promise.all([first, ...others]))).toEqual(new Set(['content']));
      expect(Object.values(parts).map(({ state }) => state.fetches)).toEqual([1, 1, 1]);
    });

    it('leaves work that failed otherwise to the next one', async () => {
      const [a, b] = [await replica('a'), await replica('b')];
      const { state, find, work } = version();
      const fetching = startable();
      const failing = async () => {
        fetching.start();
        await sleep(50);
        throw new Error('the host broke off');
      };
      const [first, second] = await Promise.allSettled([
        a.lease.run(KEY, find, failing),
        fetching.started.then(() => b.lease.run(KEY, find, work)),
      ]);
      expect([first.status, second.status, state.fetches]).toEqual(['rejected', 'fulfilled', 1]);
    });

    it('goes on with the work while Redis is gone or silent, and spares it again afterwards', async () => {
      const [a, b] = [await replica('a'), await replica('b')];
      expect(await fetchesOf(a, b)).toBe(1);
      redis.signal('SIGSTOP');
      expect(await fetchesOf(a, b)).toBe(2);
      redis.signal('SIGCONT');
      const isSpared = (fetches: number) => fetches === 1;
      expect(await until(() => fetchesOf(a, b), isSpared)).toBe(1);
      const { port } = redis;
      await redis.stop();
      expect(await fetchesOf(a, b)).toBe(2);
      redis = await redisHost({ port, program });
      expect(await until(() => fetchesOf(a, b), isSpared)).toBe(1);
      expect(heard).toContain('a missed');
    });

    it('is emptied in the middle of a fetch: one more fetch at most, and the leases after it are kept', async () => {
      const [a, b] = [await replica('a'), await replica('b')];
      const { state, find, work } = version(400);
      const both = [a.lease.run(KEY, find, work), b.lease.run(KEY, find, work)];
      await until(
        () => state.fetches,
        (fetches) => fetches > 0,
      );
      await command('FLUSHALL');
      expect(await Promise.all(both)).toEqual(['content', 'content']);
      expect(state.fetches).toBeLessThanOrEqual(2);
      expect(await fetchesOf(a, b)).toBe(1);
    });

    it('is emptied after a push: what was found not to exist before the push is not believed after it', async () => {
      const [a, b] = [await replica('a'), await replica('b')];
      const find = () => Promise.resolve(undefined);
      const [fetching, answer] = [startable(), startable()];
      const absent = a.lease.run(KEY, find, async () => {
        fetching.start();
        await answer.started;
        throw new ModhavenError('VERSION_NOT_FOUND', 'not found: m@v1');
      });
      await fetching.started;
      b.tellPush({ forge: 'gitea' });
      await until(
        () => heard,
        (said) => said.length > 0,
      );
      await command('FLUSHALL');
      answer.start();
      await expect(absent).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
      await sleep(50);
      expect(await b.lease.run(KEY, find, () => Promise.resolve('pushed'))).toBe('pushed');
    });

    it('is full: the work is done by each, pushes still count, and it is spared again afterwards', async () => {
      const [a, b] = [await replica('a'), await replica('b')];
      const find = () => Promise.resolve(undefined);
      const absent = () => Promise.reject(new ModhavenError('VERSION_NOT_FOUND', 'not found: m@v1'));
      await expect(a.lease.run(KEY, find, absent)).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
      await command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      await command('CONFIG', 'SET', 'maxmemory', '1');
      a.tellPush({ forge: 'gitea' });
      await until(
        () => heard,
        (said) => said.length > 0,
      );
      expect(heard).toEqual(['b push {"forge":"gitea"}']);
      expect(await b.lease.run(KEY, find, () => Promise.resolve('pushed'))).toBe('pushed');
      expect(await fetchesOf(a, b)).toBe(2);
      await command('CONFIG', 'SET', 'maxmemory', '0');
      expect(
        await until(
          () => fetchesOf(a, b),
          (fetches) => fetches === 1,
        ),
      ).toBe(1);
    });

    it.each(['slow', 'parted from one of them'])('is %s: both get the same, and it heals', async (fault) => {
      await using relay = await tcpRelay(redis.port);
      const a = await replica('a');
      const b = await replica('b', { url: relay.url('redis') });
      expect(await fetchesOf(a, b)).toBe(1);
      if (fault === 'slow') relay.delayMs = 1_500;
      else relay.part();
      expect(await fetchesOf(a, b)).toBe(2);
      a.tellPush({ forge: 'gitea' });
      relay.delayMs = 0;
      relay.heal();
      expect(
        await until(
          () => fetchesOf(a, b),
          (fetches) => fetches === 1,
        ),
      ).toBe(1);
      // The push itself, or that something was missed: `b` learns of it either way.
      await until(
        () => heard,
        (said) => said.length > 0,
      );
      expect(heard[0]).toMatch(/^b (?:push|missed)/);
    });

    it('was slow: a push is told at once, although nothing is asked of it for a moment', async () => {
      await using relay = await tcpRelay(redis.port);
      const [a] = [await replica('a', { url: relay.url('redis') }), await replica('b')];
      relay.delayMs = 1_000;
      expect(await fetchesOf(a)).toBe(1);
      expect(a.report()).toMatchObject({ reached: false, error: 'no answer within 500 ms' });
      relay.delayMs = 0;
      a.tellPush({ forge: 'gitea' });
      await until(
        () => heard,
        (said) => said.length > 0,
      );
      expect(heard).toEqual(['b push {"forge":"gitea"}']);
    });

    it('refuses a replica its messages: it says why, its leases hold, and it hears of others once it may', async () => {
      await command('ACL', 'SETUSER', 'default', 'resetchannels');
      const replicas = new Replicas({ url: redis.url, store: STORE, timeoutMs: () => 5_000, log });
      opened.push(replicas);
      const listeners = { onPush: () => undefined, onPurge: () => undefined, onReload: () => undefined };
      await replicas.listen({ ...listeners, onMissed: () => heard.push('missed') });
      const report = () => replicas.report();
      const refused = await until(report, (said) => said?.reached === true && said.error !== undefined);
      expect(refused).toMatchObject({ listens: false, place: `127.0.0.1:${redis.port}/0` });
      expect(refused?.error).toContain('its ACL does not let this user do what replicas need');
      expect(await fetchesOf(replicas, replicas)).toBeGreaterThan(0);
      await command('ACL', 'SETUSER', 'default', 'allchannels');
      const healed = await until(report, (said) => said?.listens === true);
      expect(healed).toMatchObject({ reached: true, error: undefined });
      expect(heard).toEqual(['missed']);
    });

    it.each([
      [
        'wants a login',
        ['CONFIG', 'SET', 'requirepass', 'other'],
        ['CONFIG', 'SET', 'requirepass', ''],
        'wants a login',
      ],
      ['became a copy', ['REPLICAOF', '127.0.0.1', '9'], ['REPLICAOF', 'NO', 'ONE'], 'another Redis'],
    ])(
      '%s: the work is done by each, the report says why, and it is spared again',
      async (_, spoil, mend, words) => {
        const [a, b] = [await replica('a'), await replica('b')];
        const admin = await createClient({ url: redis.url }).connect();
        await admin.sendCommand(spoil);
        await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
        const isRefused = () => fetchesOf(a, b).then(() => a.report()?.error);
        expect(await until(isRefused, (error) => error?.includes(words) === true)).toContain(words);
        await admin.sendCommand(mend);
        admin.destroy();
        const isSpared = (fetches: number) => fetches === 1;
        expect(await until(() => fetchesOf(a, b), isSpared)).toBe(1);
        expect(
          await until(
            () => a.report()?.error,
            (error) => error === undefined,
          ),
        ).toBeUndefined();
      },
    );

    it('another store of the same Redis has leases and messages of its own', async () => {
      const [a, b] = [await replica('a'), await replica('b', { store: { ...STORE, prefix: 'y/' } })];
      expect(await fetchesOf(a, b)).toBe(2);
      a.tellPurge();
      await replica('c');
      a.tellPurge();
      await until(
        () => heard,
        (said) => said.length > 0,
      );
      expect(heard).toEqual(['c purge']);
    });

    it('a holder that was paused does not end the lease of the next one', async () => {
      const [a, b] = [await replica('a'), await replica('b')];
      const lease = new LeaseKeys('go-modules/x/').lease(KEY.group);
      const find = () => Promise.resolve(undefined);
      const [begun, end] = [
        { a: startable(), b: startable() },
        { a: startable(), b: startable() },
      ];
      const work = (name: 'a' | 'b') => async () => {
        begun[name].start();
        await end[name].started;
        return name;
      };
      const first = a.lease.run(KEY, find, work('a'));
      await begun.a.started;
      const client = await createClient({ url: redis.url }).connect();
      await client.del(lease); // as if it had ended while its holder was paused
      const second = b.lease.run(KEY, find, work('b'));
      await begun.b.started;
      end.a.start();
      expect(await first).toBe('a');
      await sleep(50);
      expect(await client.get(lease)).not.toBeNull();
      end.b.start();
      expect(await second).toBe('b');
      client.destroy();
    });

    it('passes on pushes, purges and edits to the others', async () => {
      const [a] = [await replica('a'), await replica('b')];
      a.tellPush({ forge: 'gitea' });
      a.tellPurge();
      a.tellReload();
      await until(
        () => heard.length,
        (count) => count >= 3,
      );
      expect(heard.sort()).toEqual(['b purge', 'b push {"forge":"gitea"}', 'b reload']);
    });

    it('listens although the connection broke off at the first SUBSCRIBE', async () => {
      let cuts = 0;
      const server = createServer((client) => {
        const onward = connect(redis.port, '127.0.0.1');
        client.on('data', (piece) => {
          if (cuts > 0 || !/subscribe/i.test(piece.toString('latin1'))) {
            onward.write(piece);
            return;
          }
          cuts += 1;
          for (const socket of [client, onward]) socket.destroy();
        });
        onward.pipe(client);
        for (const [from, to] of [
          [client, onward],
          [onward, client],
        ] as const) {
          from.on('error', () => to.destroy()).on('close', () => to.destroy());
        }
      });
      const relay = await listenOnLoopback(server);
      const deaf = await replica('deaf', { url: `redis://127.0.0.1:${relay.port}/0` });
      expect(cuts).toBe(1);
      (await replica('b')).tellReload();
      await until(
        () => heard,
        (words) => words.includes('deaf reload'),
      );
      expect(heard).toContain('deaf reload');
      deaf.close();
      await relay.stop();
    });

    it('is taken, and left, while a replica runs', async () => {
      const b = await replica('b');
      const a = new Replicas({ url: undefined, store: STORE, timeoutMs: () => 5_000, log });
      opened.push(a);
      await a.listen({
        onPush: () => undefined,
        onPurge: () => undefined,
        onReload: () => heard.push('a reload'),
        onMissed: () => heard.push('a missed'),
      });
      expect([a.report(), await fetchesOf(a, b)]).toEqual([undefined, 2]);
      await a.use(redis.url);
      await until(
        () => a.report(),
        (report) => report?.reached === true,
      );
      expect(await fetchesOf(a, b)).toBe(1);
      // What was sent before it listened.
      await until(
        () => heard,
        (words) => words.includes('a missed'),
      );
      b.tellReload();
      await until(
        () => heard,
        (words) => words.includes('a reload'),
      );
      expect(heard).toEqual(['a missed', 'a reload']);
      await a.use(undefined);
      expect([a.report(), await fetchesOf(a, b)]).toEqual([undefined, 2]);
    });

    it('waits for nothing where no Redis listens', async () => {
      const alone = new Replicas({ url: 'redis://127.0.0.1:9/0', store: STORE, timeoutMs: () => 5_000, log });
      opened.push(alone);
      await alone.listen({
        onPush: () => undefined,
        onPurge: () => undefined,
        onReload: () => undefined,
        onMissed: () => undefined,
      });
      const { find, work } = version(1);
      expect(await alone.lease.run(KEY, find, work)).toBe('content');
    });
  });
}
