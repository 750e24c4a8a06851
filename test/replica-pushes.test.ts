import { beforeEach, expect, it } from 'vitest';
import { Faults } from '../src/log/faults.js';
import type { ReplicaListeners, Replicas } from '../src/redis/replicas.js';
import { ReplicaPushes } from '../src/replica-pushes.js';
import { parseVanity } from '../src/vanity/vanity-file.js';

const map = parseVanity(
  'host: corp.test\npaths:\n  /lib: https://git.corp.test/lib.git\n',
  '/srv/vanity.yaml',
  {
    defaultHost: '',
  },
);
const PUSH = {
  forge: 'gitea' as const,
  cloneUrls: ['https://git.corp.test/lib.git'],
  project: undefined,
  refs: [{ ref: 'refs/tags/v1.0.0', after: '' }],
};

let events: string[];
let hears: ReplicaListeners | undefined;
let pushes: ReplicaPushes;
beforeEach(() => {
  events = [];
  const event = (name: string) => (): void => {
    events.push(name);
  };
  const replicas = {
    tellPush: event('told'),
    tellReload: event('told of files'),
    use: (url: string) => Promise.resolve().then(event(`redis ${url}`)),
    listen: (listeners: ReplicaListeners) => {
      hears = listeners;
      return Promise.resolve();
    },
  } as unknown as Replicas;
  const none = () => Promise.reject(new Error('nothing is fetched here'));
  pushes = new ReplicaPushes({
    replicas,
    services: {
      pushed: () => Promise.resolve().then(event('refs')),
      ours: { info: none, mod: none, zip: none } as never,
    },
    vanity: () => map,
    prefetch: () => false,
    changed: event('changed'),
    reload: event('reload'),
    lookForPurges: event('purges'),
    faults: new Faults({ log: { error: () => undefined } as never, verbose: false }),
    log: { info: () => undefined, warn: () => undefined },
  });
  pushes.listen();
});

it('tells the others of files that this replica read again by itself, and takes the Redis that they name', async () => {
  for (const isOwn of [true, false]) pushes.reloaded({ isOwn, redis: 'redis://r' });
  await Promise.resolve();
  expect(events).toEqual(['told of files', 'redis redis://r', 'redis redis://r']);
});

it('passes a push of a git host on, and not one that was passed on', async () => {
  pushes.own.handle(PUSH);
  await pushes.own.idle();
  expect(events).toEqual(['changed', 'told', 'refs']);
  events.length = 0;
  hears?.onPush(JSON.parse(JSON.stringify(PUSH)));
  await Promise.resolve().then(() => undefined);
  expect(events).toEqual(['changed', 'refs']);
  hears?.onPush({ forge: 'unknown' });
  expect(events).toHaveLength(2);
});

it('does what the others say, and believes nothing old after a silence', () => {
  hears?.onReload();
  hears?.onPurge();
  hears?.onMissed();
  expect(events).toEqual(['reload', 'purges', 'changed']);
});
