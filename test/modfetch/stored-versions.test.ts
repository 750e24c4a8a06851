import { describe, expect, it } from 'vitest';
import {
  cachedLatest,
  cachedList,
  checkCanonical,
  latestInList,
  notCached,
} from '../../src/modfetch/stored-versions.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { createMemoryStore } from '../support/stores/memory-store.js';
import type { Part, PartKind } from '../../src/store/version-store.js';

const module = parseModulePath('corp.test/lib');
const PSEUDO = 'v1.9.1-0.20240301120000-aaaaaaaaaaaa';

/** A store of versions with parts; the content of a part says which one it is, where nothing else is given. */
function storeOf(versions: Record<string, Partial<Record<PartKind, string>>>) {
  const known = Object.entries(versions).flatMap(([version, parts]) =>
    Object.entries(parts).map(
      ([kind, text]) =>
        [
          { module, version: version as CanonicalVersion, kind: kind as PartKind },
          Buffer.from(text),
        ] satisfies [Part, Buffer],
    ),
  );
  return createMemoryStore({ known });
}
const info = (version: CanonicalVersion) => ({ info: `info ${version}` });
const whole = (version: CanonicalVersion) => ({ ...info(version), zip: 'PK' });

const STORE = storeOf({
  'v1.10.0': info('v1.10.0'),
  'v1.9.0': whole('v1.9.0'),
  'v1.11.0-rc.1': whole('v1.11.0-rc.1'),
  [PSEUDO]: whole(PSEUDO),
  'v1.12.0': { mod: 'module corp.test/lib\n' },
});

describe('cachedList', () => {
  it('is what has an .info, oldest first, without pseudo-versions', async () => {
    expect(await cachedList(STORE, module)).toEqual(['v1.9.0', 'v1.10.0', 'v1.11.0-rc.1']);
  });

  it('is what has a zip where only that counts', async () => {
    expect(await cachedList(STORE, module, true)).toEqual(['v1.9.0', 'v1.11.0-rc.1']);
    const store = storeOf({ 'v1.0.0': info('v1.0.0'), 'v1.1.0': info('v1.1.0') });
    expect(await cachedList(store, module, true)).toEqual(['v1.0.0', 'v1.1.0']);
  });

  it('is empty where only pseudo-versions are stored', async () => {
    expect(await cachedList(storeOf({ [PSEUDO]: info(PSEUDO) }), module)).toEqual([]);
  });

  it('throws NOT_CACHED where nothing is', async () => {
    await expect(cachedList(storeOf({}), module)).rejects.toMatchObject({
      code: 'NOT_CACHED',
      message: 'not found: corp.test/lib/@v/list is not in the cache',
      reason: 'the request forbids fetching it (Disable-Module-Fetch: true)',
    });
  });
});

describe('cachedLatest', () => {
  it.each([
    [false, 'v1.10.0'],
    [true, 'v1.9.0'],
  ])('is the newest release (complete: %s)', async (complete, version) => {
    expect(String(await cachedLatest(STORE, module, complete))).toBe(`info ${version}`);
  });

  it('is the newest of any kind where no release is stored', async () => {
    const store = storeOf({ 'v1.0.0-rc.1': info('v1.0.0-rc.1'), [PSEUDO]: info(PSEUDO) });
    expect(String(await cachedLatest(store, module))).toBe(`info ${PSEUDO}`);
  });

  it('throws NOT_CACHED where nothing is stored, or its .info vanished', async () => {
    const message = 'not found: corp.test/lib@latest is not in the cache';
    await expect(cachedLatest(storeOf({}), module)).rejects.toMatchObject({ code: 'NOT_CACHED', message });
    const vanishing = { versions: STORE.versions.bind(STORE), read: () => Promise.resolve(undefined) };
    await expect(cachedLatest(vanishing, module)).rejects.toMatchObject({ code: 'NOT_CACHED', message });
  });
});

describe('latestInList', () => {
  const latest = async (store: ReturnType<typeof storeOf>, list: CanonicalVersion[]) =>
    (await latestInList(store, module, list))?.toString();
  const mod = (more = '') => `module corp.test/lib\n${more}`;

  it('is the newest release of the list, or nothing where that is not stored', async () => {
    expect(await latest(STORE, ['v1.9.0', 'v1.11.0-rc.1'])).toBe('info v1.9.0');
    expect(await latest(STORE, ['v1.9.0', 'v1.20.0'])).toBeUndefined();
    expect(await latest(STORE, [])).toBeUndefined();
  });

  it('passes over what the newest one retracts, also itself', async () => {
    const store = storeOf({
      'v1.0.0': info('v1.0.0'),
      'v1.1.0': { ...info('v1.1.0'), mod: mod('retract [v1.1.0, v1.2.0]\n') },
      'v1.2.0': { ...info('v1.2.0'), mod: mod('retract [v1.1.0, v1.2.0]\n') },
    });
    expect(await latest(store, ['v1.0.0', 'v1.1.0', 'v1.2.0'])).toBe('info v1.0.0');
    expect(await latest(store, ['v1.1.0', 'v1.2.0'])).toBeUndefined();
  });
});

describe('checkCanonical', () => {
  it.each(['v1.2.3', 'v1.2.3-rc.1', 'v2.0.0+incompatible', PSEUDO])('takes %s', (version) => {
    expect(() => checkCanonical(module, version)).not.toThrow();
  });

  it.each(['v1', 'v1.2', 'main', 'v1.2.3+meta', ''])('refuses %j', (version) => {
    expect(() => checkCanonical(module, version)).toThrow(
      expect.objectContaining({
        code: 'VERSION_NOT_FOUND',
        message: `not found: corp.test/lib@${version}: version is not canonical`,
        remedy: `ask for @v/${version}.info first: it says which version this is`,
      }),
    );
  });
});

it('names what is not cached', () => {
  expect(notCached('x@v1.0.0')).toMatchObject({
    code: 'NOT_CACHED',
    message: 'not found: x@v1.0.0 is not in the cache',
  });
});
