/**
 * What every `ModuleSource` promises, alone and under `cached`. Each is opened before the same small world: MODULE with
 * the versions VERSIONS, whose content is that of `lab` (test/vcs/lab.ts).
 */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isModhavenError, isNotExist } from '../../src/errors.js';
import { CachedModules } from '../../src/modfetch/cached.js';
import { hashZip } from '../../src/modfetch/hash-zip.js';
import { LastAnswers } from '../../src/modfetch/last-answers.js';
import type { ModuleSource } from '../../src/modfetch/repo.js';
import { createStaleCache } from '../../src/modfetch/stale-cache.js';
import { decodeInfo } from '../../src/module/info.js';
import type { ModulePath } from '../../src/module/module-path.js';
import { createDiskBlobStore } from '../../src/store/disk/disk-blob-store.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { putBytes, type VersionStore } from '../../src/store/version-store.js';
import { tempDir } from '../support/tmp.js';

export const MODULE = 'example.com/foo' as ModulePath;
export const VERSIONS = ['v1.0.0', 'v1.1.0', 'v1.2.0'];
/** Nothing of it is anywhere. */
const ABSENT = 'example.com/absent' as ModulePath;

export interface OpenedSource {
  source: ModuleSource;
  /** From now on the home cannot be asked. Absent where the home is the store. */
  breakHome?: () => Promise<void>;
  close: () => Promise<void>;
  /** The store that `cached` has to share with the source; absent: any. */
  store?: VersionStore;
}

export interface ModuleSourceCase {
  name: string;
  open: () => Promise<OpenedSource>;
  /** `h1:` hash of the zip of v1.1.0. */
  hash: () => string;
}

const FACT = expect.toSatisfy(isNotExist, 'a fact') as unknown;
const OUTAGE = expect.toSatisfy(
  (error: unknown) => isModhavenError(error) && !isNotExist(error),
  'an outage',
) as unknown;

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no error',
    (error: unknown) => error,
  );
}

export function moduleSourceContract({ name, open, hash }: ModuleSourceCase): void {
  let opened: OpenedSource;
  let source: ModuleSource;
  beforeEach(async () => {
    opened = await open();
    ({ source } = opened);
  });
  afterEach(() => opened.close());

  describe(`a module source: ${name}`, () => {
    it('lists versions, oldest first, with the time at which they were known', async () => {
      const { versions, asOf } = await source.list(MODULE);
      expect(versions).toEqual(VERSIONS);
      expect(Math.abs(Date.now() - asOf)).toBeLessThan(60_000);
    });

    it('knows a version by its name, and the newest one as latest', async () => {
      const exact = await source.info(MODULE, 'v1.1.0');
      expect(exact.version).toBe('v1.1.0');
      expect(decodeInfo(exact.info)).toMatchObject({ Version: 'v1.1.0', Time: '2024-01-02T00:00:00Z' });
      const latest = await source.info(MODULE, 'latest');
      expect(latest.version).toBe('v1.2.0');
      expect(decodeInfo(latest.info).Version).toBe('v1.2.0');
    });

    it('gives go.mod and the zip, also of a version that is pinned', async () => {
      const pinned = decodeInfo((await source.info(MODULE, 'v1.1.0')).info);
      for (const pin of [undefined, pinned]) {
        const { mod } = await source.mod(MODULE, 'v1.1.0', pin);
        expect(mod.toString()).toBe('module example.com/foo\n');
        expect(await hashZip(await source.zip(MODULE, 'v1.1.0', pin))).toBe(hash());
      }
    });

    it('says as a fact that a version or a module does not exist', async () => {
      expect(await errorOf(source.list(ABSENT))).toEqual(FACT);
      for (const module of [MODULE, ABSENT]) {
        expect(await errorOf(source.info(module, 'v9.9.9'))).toEqual(FACT);
        expect(await errorOf(source.mod(module, 'v9.9.9'))).toEqual(FACT);
        expect(await errorOf(source.zip(module, 'v9.9.9'))).toEqual(FACT);
      }
    });

    it('never takes an outage for a fact', async () => {
      if (opened.breakHome === undefined) return;
      await opened.breakHome();
      expect(await errorOf(source.list(MODULE))).toEqual(OUTAGE);
      expect(await errorOf(source.info(MODULE, 'v9.9.9'))).toEqual(OUTAGE);
      expect(await errorOf(source.mod(MODULE, 'v1.1.0'))).toEqual(OUTAGE);
      expect(await errorOf(source.zip(MODULE, 'v1.1.0').then(hashZip))).toEqual(OUTAGE);
    });
  });

  describe(`cached: ${name}`, () => {
    let store: VersionStore;
    let folder: string;
    let modules: CachedModules;
    const log = { warn: vi.fn() };

    /** As at a start of the server: nothing is in memory. */
    function start(): void {
      const staleCache = createStaleCache({ blobs: createDiskBlobStore(join(folder, 'last')), log });
      const times = { freshForMs: () => 0, staleAfterMs: () => 60_000 };
      modules = new CachedModules(source, store, {
        log,
        ...(opened.store === undefined
          ? { lastAnswers: new LastAnswers({ staleCache, ...times, log }) }
          : { isLocal: true }),
      });
    }

    beforeEach(async () => {
      folder = await tempDir('cached');
      store = opened.store ?? createDiskStore(join(folder, 'download'));
      start();
    });

    it('stores what it gives, and gives what is stored', async () => {
      for (const fromCache of opened.store === undefined ? [false, true] : [true]) {
        const zip = await modules.zip(MODULE, 'v1.1.0');
        const stored = await zip.stored();
        expect({ fromCache: zip.fromCache, hash: stored.hash }).toEqual({ fromCache, hash: hash() });
        const file = await stored.open();
        expect(file.size).toBe(await store.size({ module: MODULE, version: 'v1.1.0', kind: 'zip' }));
        file.close();
        const mod = await modules.mod(MODULE, 'v1.1.0');
        expect(mod.value.toString()).toBe('module example.com/foo\n');
        const info = await modules.info(MODULE, 'v1.1.0');
        expect(info).toMatchObject({ immutable: true });
        expect(await store.read({ module: MODULE, version: 'v1.1.0', kind: 'info' })).toEqual(info.value);
      }
    });

    it('asks the source once for all callers that wait', async () => {
      if (opened.store !== undefined) return;
      const spies = [vi.spyOn(source, 'zip'), vi.spyOn(source, 'mod'), vi.spyOn(source, 'info')];
      const callers = Array.from({ length: 20 });
      await Promise.all(callers.map(async () => (await modules.zip(MODULE, 'v1.0.0')).stored()));
      await Promise.all(callers.map(() => modules.mod(MODULE, 'v1.1.0')));
      await Promise.all(callers.map(() => modules.info(MODULE, 'v1.2.0')));
      expect(spies.map((spy) => spy.mock.calls.length)).toEqual([1, 1, 1]);
    });

    it('fetches nothing where only the cache may answer', async () => {
      if (opened.store !== undefined) return;
      const only = { onlyCached: true };
      for (const ask of [
        () => modules.list(MODULE, only),
        () => modules.info(MODULE, 'latest', only),
        () => modules.info(MODULE, 'v1.0.0', only),
        () => modules.info(MODULE, 'main', only),
        () => modules.mod(MODULE, 'v1.0.0', only),
        () => modules.zip(MODULE, 'v1.0.0', only),
      ]) {
        await expect(ask()).rejects.toMatchObject({ code: 'NOT_CACHED' });
      }
      await modules.info(MODULE, 'v1.0.0');
      expect((await modules.list(MODULE, only)).value).toEqual(['v1.0.0']);
      expect(decodeInfo((await modules.info(MODULE, 'latest', only)).value).Version).toBe('v1.0.0');
    });

    it('remembers for a moment that a version is unknown, until something changes', async () => {
      if (opened.store !== undefined) return;
      const asked = vi.spyOn(source, 'info');
      for (let i = 0; i < 20; i += 1) expect(await errorOf(modules.info(MODULE, 'v9.9.9'))).toEqual(FACT);
      expect(asked).toHaveBeenCalledTimes(1);
      modules.changed();
      expect(await errorOf(modules.info(MODULE, 'v9.9.9'))).toEqual(FACT);
      expect(asked).toHaveBeenCalledTimes(2);
    });

    it('takes the latest version from a known list while the home is down, unless it is retracted', async () => {
      if (opened.breakHome === undefined) return;
      await modules.list(MODULE);
      await modules.info(MODULE, 'v1.1.0');
      await opened.breakHome();
      expect(await errorOf(modules.info(MODULE, 'latest'))).toEqual(OUTAGE); // not stored
      const retraction = 'module example.com/foo\n\nretract v1.2.0\n';
      await putBytes(store, { module: MODULE, version: 'v1.2.0', kind: 'mod' }, Buffer.from(retraction));
      const latest = await modules.info(MODULE, 'latest');
      expect(latest).toMatchObject({ stale: true, fromCache: true });
      expect(decodeInfo(latest.value).Version).toBe('v1.1.0');
    });

    it('gives what it knows while the home is down, after a restart too, and says how old it is', async () => {
      if (opened.breakHome === undefined) return;
      const list = await modules.list(MODULE);
      const latest = await modules.info(MODULE, 'latest');
      await (await modules.zip(MODULE, 'v1.0.0')).stored();
      await opened.breakHome();
      for (const restarts of [false, true]) {
        if (restarts) start();
        const known = await modules.list(MODULE);
        expect(known).toMatchObject({ value: VERSIONS, stale: true, fromCache: true });
        expect(known.fetchedAt).toBeCloseTo(list.fetchedAt ?? 0, -1);
        expect(await modules.info(MODULE, 'latest')).toMatchObject({ value: latest.value, stale: true });
        expect(await modules.zip(MODULE, 'v1.0.0')).toMatchObject({ fromCache: true });
        expect(await errorOf(modules.info(MODULE, 'v1.1.0'))).toEqual(OUTAGE);
        expect(await errorOf(modules.info(MODULE, 'main'))).toEqual(OUTAGE);
      }
    });
  });
}
