/** Three replicas while their object store fails. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../../support/requirements.js';
import type { S3Fault } from '../../support/relays/faulty-s3.js';
import { ask, until } from '../../support/ask.js';
import { MODULES, at, expectAllInOrder, startReplicas, type ReplicaWorld } from './world.js';

/** To be quick: each of them is fetched in each way the object store fails. */
const SOME = MODULES.slice(0, 2);

describe.skipIf(missing('git', 'go', 'nginx', 'redis-server'))('three replicas', () => {
  let world: ReplicaWorld;
  beforeAll(async () => {
    world = await startReplicas();
  }, 120_000);
  afterAll(() => world.stop());

  it('give the same, whichever is asked, and all at once', async () => {
    const urls = MODULES.slice(0, 2).flatMap((name) =>
      ['info', 'mod', 'zip'].map((kind) => at(name, 0, kind)),
    );
    const statuses = await Promise.all(
      urls.flatMap((url) => world.replicas.map(async (each) => world.see(url, await ask(each.url, url)))),
    );
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });

  it.each<[S3Fault, number]>([
    ['error', 3],
    ['overloaded', 3],
    ['slow', 4],
    ['cut', 4],
  ])('no build sees more than one retry cures while the object store fails: %s', async (fault, every) => {
    const version = ['error', 'overloaded', 'slow', 'cut'].indexOf(fault) + 1;
    world.store.fail(fault, every);
    const built = await world.build(version, SOME);
    const statuses = await Promise.all(SOME.map((name) => world.get(at(name, version))));
    world.store.fail('none');
    expect(built).toMatchObject({ code: 0 });
    expect(statuses).toEqual(SOME.map(() => 200));
  });

  it('serve what is stored while the object store is out of space, and new versions once there is room', async () => {
    await using ann = await world.developer();
    world.store.fail('full');
    expect(await ann.download(1, SOME)).toMatchObject({ code: 0 });
    const refused = await ann.download(5, SOME);
    world.store.fail('none');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('its disk is full');
    expect(await ann.download(5, SOME)).toMatchObject({ code: 0 });
  });

  it('come back by themselves after an object store that was full, and one that was gone', async () => {
    for (const fault of ['full', 'down'] as const) {
      world.store.fail(fault);
      expect(
        (
          await until(
            () => ask(world.replicas[0]?.url ?? '', '/-/readyz'),
            ({ status }) => status === 503,
          )
        ).status,
      ).toBe(503);
      world.store.fail('none');
      for (const each of world.replicas) {
        expect(
          (
            await until(
              () => ask(each.url, '/-/readyz'),
              ({ status }) => status === 200,
            )
          ).status,
        ).toBe(200);
      }
    }
  });

  it('leave a store in which everything is what it should be', () => expectAllInOrder(world.replicas[2]));
});
