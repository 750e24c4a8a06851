/** What a fetch tells of itself, through all layers, against a real repository. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CachedModules } from '../../../src/modfetch/cached.js';
import { GitSource } from '../../../src/modfetch/git-source.js';
import { ObservedSource } from '../../../src/modfetch/sources/observed-source.js';
import { createRepoRoots } from '../../../src/modfetch/repo-root.js';
import type { ModulePath } from '../../../src/module/module-path.js';
import type { Activity, Ended } from '../../../src/observe/events.js';
import { observeProcess } from '../../../src/observe/observe.js';
import { createDiskStore } from '../../../src/store/disk/disk-store.js';
import { ObservedStore } from '../../../src/store/observed-store.js';
import { parseVanity } from '../../../src/vanity/vanity-file.js';
import { tempDir } from '../../support/tmp.js';
import { lab, type Lab } from '../../vcs/lab.js';

const module = 'example.com/foo' as ModulePath;
let home: Lab;

beforeAll(async () => {
  home = await lab();
});
afterAll(() => home.host.stop());

async function modules(): Promise<CachedModules> {
  const { url, code } = home;
  const map = parseVanity(`host: example.com\npaths:\n  /foo: ${url}\n`, '/v.yaml', { defaultHost: '' });
  const candidates = (path: string) => map.candidates(path);
  const roots = createRepoRoots({ candidates, host: code, refreshMs: () => 0 });
  const git = new GitSource({ roots, host: code, refreshMs: () => 0 });
  const store = new ObservedStore(createDiskStore(await tempDir('observed')));
  return new CachedModules(new ObservedSource('git', git), store, { log: { warn: () => undefined } });
}

async function endedDuring(work: () => Promise<unknown>): Promise<Ended[]> {
  const ended: Ended[] = [];
  const stop = observeProcess({ ended: (event) => void ended.push(event) });
  await work().catch(() => undefined);
  stop();
  return ended;
}

const of = (type: Activity['type'], events: readonly Ended[]) =>
  events.map(({ activity }) => activity).filter((activity) => activity.type === type);

it('tells of a cold zip: the fetch, its repository, its turn, its git commands, its delivery and what is stored', async () => {
  const cold = await modules();
  const ended = await endedDuring(async () => (await cold.zip(module, 'v1.1.0')).stored());
  const query = 'v1.1.0';
  expect(of('fetch', ended)).toEqual([{ type: 'fetch', source: 'git', kind: 'zip', module, query }]);
  expect(of('deliver', ended)).toEqual([{ type: 'deliver', source: 'git', module, query }]);
  const repository = home.url.replace(/\/\/[^/]*@/, '//');
  expect(of('repository', ended)).toContainEqual({ type: 'repository', module, repository });
  expect(of('git', ended)).toContainEqual({ type: 'git', command: 'ls-refs', repository });
  expect(of('queue', ended)).toContainEqual({ type: 'queue', host: new URL(home.url).host });
  const parts = of('store', ended).map((activity) => 'part' in activity && activity.part);
  expect(parts).toEqual(expect.arrayContaining(['info', 'mod', 'ziphash', 'zip']));
  // `git config` fails where an account has set nothing.
  const failed = ended.filter(({ failure }) => failure !== undefined).map(({ activity }) => activity);
  expect(failed.filter((activity) => !('command' in activity && activity.command === 'config'))).toEqual([]);
  expect(await endedDuring(async () => (await cold.zip(module, 'v1.1.0')).stored())).toEqual([]);
});

it('tells of callers that wait for a flight of another one', async () => {
  const cold = await modules();
  const ended = await endedDuring(() =>
    Promise.all([1, 2, 3].map(async () => (await cold.zip(module, 'v1.2.0')).stored())),
  );
  expect(of('fetch', ended)).toHaveLength(1);
  expect(of('wait', ended)).toHaveLength(2);
});

it('tells how a fetch failed', async () => {
  const cold = await modules();
  const ended = await endedDuring(() => cold.info(module, 'v9.9.9'));
  expect(ended.find(({ activity }) => activity.type === 'fetch')?.failure).toBe('VERSION_NOT_FOUND');
});
