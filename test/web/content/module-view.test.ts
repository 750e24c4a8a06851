import { beforeAll, expect, it } from 'vitest';
import { Catalog } from '../../../src/catalog/catalog.js';
import { encodeInfo } from '../../../src/module/info.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { isCanonicalVersion, type CanonicalVersion } from '../../../src/module/version.js';
import { putBytes } from '../../../src/store/version-store.js';
import { FetchJobs } from '../../../src/web/content/fetch-jobs.js';
import { moduleView, versionRows, type ModuleViewOptions } from '../../../src/web/content/module-view.js';
import { createMemoryStore } from '../../support/stores/memory-store.js';
import { answering } from './modules.js';

const module = parseModulePath('example.com/m');
const PSEUDO = 'v1.3.1-0.20260101000000-0123456789ab';
const store = createMemoryStore();
const modules = answering({
  list: ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0-rc.1'],
  infos: { 'v1.0.0': { Version: 'v1.0.0' } },
  mods: {
    'v1.0.0': 'module example.com/m\n',
    'v1.2.0':
      '// Deprecated: use another.\nmodule example.com/m\n\nretract (\n\tv1.2.0 // broken\n\tv1.0.0 // old\n)\n',
  },
});
const catalog = new Catalog({ listing: store.listing, onError: () => undefined });
const options: ModuleViewOptions = { catalog, modules, store };

beforeAll(async () => {
  const origin = {
    VCS: 'git',
    URL: 'https://git.example/m',
    Hash: 'a'.repeat(40),
    Ref: 'refs/tags/v1.0.0',
  } as const;
  const info = encodeInfo('v1.0.0', new Date('2026-01-01T00:00:00Z'), origin);
  await putBytes(store, { module, version: 'v1.0.0', kind: 'info' }, info);
  await putBytes(store, { module, version: PSEUDO, kind: 'mod' }, Buffer.from('module example.com/m\n'));
  await catalog.refresh(5_000);
});

it('lets the newest version speak for the module, and its retractions hold', async () => {
  const view = await moduleView(options, module, await new FetchJobs(modules).of(module, 'v1.0.0').result);
  expect(view.versions).toEqual([PSEUDO, 'v1.3.0-rc.1', 'v1.2.0', 'v1.1.0', 'v1.0.0']);
  expect(view.deprecated).toBe('use another.');
  expect(view.retracted).toBe('old');
  expect(view.latest).toBe('v1.1.0'); // v1.2.0 has retracted itself
});

it('knows of each version what is stored of it, and nothing of others', async () => {
  const view = await moduleView(options, module, await new FetchJobs(modules).of(module, 'v1.0.0').result);
  const rows = await versionRows(options, view, view.versions);
  expect(rows.at(-1)).toMatchObject({ time: '2026-01-01T00:00:00Z', commit: 'a'.repeat(40), tag: 'v1.0.0' });
  expect(rows[0]).toMatchObject({
    isPseudo: true,
    isPrerelease: false,
    time: undefined,
    retracted: undefined,
  });
  expect(rows[1]).toMatchObject({ isPseudo: false, isPrerelease: true, storedAt: undefined });
  expect(rows[2]).toMatchObject({ retracted: 'broken' });
});

it('knows what thousands of retractions hold, and the reason of the first of them', async () => {
  const many = Array.from({ length: 5_000 }, (_, i) => `\tv1.${i}.1 // reason ${i}\n`);
  const list = Array.from({ length: 3_000 }, (_, i) => parseCanonical(`v1.${i}.${i % 2}`));
  const retracting = answering({
    list,
    infos: { 'v1.1.1': { Version: 'v1.1.1' } },
    mods: {
      'v1.1.1': 'module example.com/m\n',
      'v1.2999.1': `module example.com/m\n\nretract (\n${many.join('')})\n`,
    },
  });
  const fetched = await new FetchJobs(retracting).of(module, 'v1.1.1').result;
  const view = await moduleView({ ...options, modules: retracting }, module, fetched);
  expect([view.retracted, view.latest]).toEqual(['reason 1', 'v1.2998.0']);
  const rows = await versionRows(options, view, list.slice(-2));
  expect(rows.map(({ retracted }) => retracted)).toEqual([undefined, '']);
});

function parseCanonical(version: string): CanonicalVersion {
  if (!isCanonicalVersion(version)) throw new Error(version);
  return version;
}
