import { expect, it } from 'vitest';
import { ModhavenError } from '../../../src/errors.js';
import type { ModuleSource } from '../../../src/modfetch/repo.js';
import { OfflineSource } from '../../../src/modfetch/sources/offline.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { putBytes, type PartKind } from '../../../src/store/version-store.js';
import { createMemoryStore } from '../../support/stores/memory-store.js';

const MODULE = parseModulePath('pub.test/m');
const LOST = 'v1.0.0';
const UNKNOWN = 'v1.9.0';

async function source(damaged: string | undefined): Promise<OfflineSource> {
  const store = createMemoryStore();
  const put = (kind: PartKind, text: string) =>
    putBytes(store, { module: MODULE, version: 'v1.1.0', kind }, Buffer.from(text));
  await put('info', '{"Version":"v1.1.0","Time":"2024-01-01T00:00:00Z"}');
  await put('mod', `module ${MODULE}\n`);
  const unknown = {} as ModuleSource;
  return new OfflineSource({
    store,
    unknown,
    isDamaged: ({ version }) => Promise.resolve(version === damaged),
  });
}

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'found',
    (error: unknown) => (error instanceof ModhavenError ? error.code : String(error)),
  );

it.each([LOST, UNKNOWN] as const)(
  'says of %s whether it was lost here or never was here',
  async (version) => {
    const offline = await source(LOST);
    const expected = version === LOST ? 'STORAGE' : 'VERSION_NOT_FOUND';
    expect([
      await codeOf(offline.info(MODULE, version)),
      await codeOf(offline.mod(MODULE, version)),
      await codeOf(offline.zip(MODULE, version)),
    ]).toEqual([expected, expected, expected]);
  },
);

it('gives out what is stored', async () => {
  const offline = await source(undefined);
  expect((await offline.list(MODULE)).versions).toEqual(['v1.1.0']);
  expect((await offline.info(MODULE, 'latest')).version).toBe('v1.1.0');
});
