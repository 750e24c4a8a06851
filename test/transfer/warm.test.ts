import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import type { Modules } from '../../src/modfetch/repo.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import type { VersionStore } from '../../src/store/version-store.js';
import type { RequestedVersion } from '../../src/transfer/request-list.js';
import { isWarm, warmVersions, type WarmVersionsOptions } from '../../src/transfer/warm.js';

const MODULE = parseModulePath('ex.test/m');
const wanted = (query: string, more: Partial<RequestedVersion> = {}): RequestedVersion => ({
  module: MODULE,
  query,
  zip: true,
  sums: [],
  ...more,
});

/** A module service that notes what it is asked for. */
function lab(changed: Partial<Modules> = {}, options: Partial<WarmVersionsOptions> = {}) {
  const asked: string[] = [];
  const note = (text: string, fromCache = false) => {
    asked.push(text);
    return { fromCache };
  };
  const modules = {
    info: (_: string, query: string) => {
      const version = query === 'main' ? 'v1.2.3' : query;
      return Promise.resolve({
        ...note(`info ${query}`),
        value: Buffer.from(JSON.stringify({ Version: version })),
      });
    },
    mod: (_: string, version: CanonicalVersion) =>
      Promise.resolve({ ...note(`mod ${version}`), value: Buffer.alloc(0) }),
    zip: (_: string, version: CanonicalVersion) =>
      Promise.resolve({
        ...note(`zip ${version}`),
        stored: () => Promise.resolve(void asked.push('stored')),
      }),
    list: () => Promise.resolve({ ...note('list'), value: ['v1.0.0', 'v1.10.0', 'v1.9.0', 'v2.0.0-rc.1'] }),
    ...changed,
  } as unknown as Modules;
  const store = {
    read: () => Promise.resolve(undefined),
    size: () => Promise.resolve(undefined),
  } as unknown as VersionStore;
  const warm = (...all: RequestedVersion[]) =>
    warmVersions(all, { modules, store, isPrivate: () => true, concurrency: 2, ...options });
  return { asked, warm };
}

describe('warmVersions', () => {
  it('asks for the zip first, and waits until it is stored', async () => {
    const { asked, warm } = lab();
    expect(await warm(wanted('v1.0.0'))).toEqual([
      { module: MODULE, query: 'v1.0.0', version: 'v1.0.0', fetched: true, mismatches: [] },
    ]);
    expect(asked).toEqual(['zip v1.0.0', 'stored', 'mod v1.0.0', 'info v1.0.0']);
  });

  it('fetches no zip that no build needs', async () => {
    const { asked, warm } = lab();
    await warm(wanted('v1.0.0', { zip: false }));
    expect(asked).toEqual(['mod v1.0.0', 'info v1.0.0']);
  });

  it('finds out what a query means', async () => {
    const { asked, warm } = lab();
    expect(await warm(wanted('main', { zip: false }))).toMatchObject([{ query: 'main', version: 'v1.2.3' }]);
    expect(asked).toEqual(['info main', 'mod v1.2.3', 'info v1.2.3']);
  });

  it('takes the newest release of the list where a proxy does not know latest', async () => {
    const info = (_: string, query: string) =>
      query === 'latest'
        ? Promise.reject(new ModhavenError('VERSION_NOT_FOUND', 'no latest'))
        : Promise.resolve({ fromCache: true, value: Buffer.from(`{"Version":"${query}"}`) });
    const { warm } = lab({ info } as unknown as Partial<Modules>);
    expect(await warm(wanted('latest'))).toMatchObject([{ version: 'v1.10.0' }]);
  });

  it('does not look at the list for latest during an outage', async () => {
    const info = () => Promise.reject(new ModhavenError('HOST_UNREACHABLE', 'down', { remedy: 'start it' }));
    const { asked, warm } = lab({ info });
    expect(await warm(wanted('latest'))).toMatchObject([
      { version: undefined, cause: 'down', remedy: 'start it' },
    ]);
    expect(asked).toEqual([]);
  });

  it('goes on after a failure, and keeps the order', async () => {
    const zip = (_: string, version: CanonicalVersion) =>
      version === 'v1.0.0'
        ? Promise.reject(new ModhavenError('VERSION_NOT_FOUND', `not found: ${MODULE}@v1.0.0: no tag`))
        : Promise.resolve({ fromCache: true, stored: () => Promise.resolve() });
    let done = 0;
    const { warm } = lab({ zip } as unknown as Partial<Modules>, { onDone: () => (done += 1) });
    const [first, second] = await warm(wanted('v1.0.0'), wanted('v1.1.0'));
    expect(first).toMatchObject({ query: 'v1.0.0', cause: 'no tag' });
    expect(second).not.toHaveProperty('cause');
    expect(done).toBe(2);
  });

  it('does not hide a fault of the program', async () => {
    const { warm } = lab({
      mod: () => Promise.reject(new TypeError('a fault')),
    });
    await expect(warm(wanted('v1.0.0'))).rejects.toThrow('a fault');
  });

  it('asks checksum databases about public modules alone, and says which they do not know', async () => {
    const questions: string[] = [];
    const checksums = (module: string, version: CanonicalVersion) => {
      questions.push(`${module}@${version}`);
      return Promise.resolve([]);
    };
    const { warm } = lab({}, { checksums, isPrivate: (path) => path === 'my.corp/x' });
    const [one, other] = await warm(
      wanted('v1.0.0'),
      wanted('v1.0.0', { module: parseModulePath('my.corp/x') }),
    );
    expect(questions).toEqual([`${MODULE}@v1.0.0`]);
    expect(one?.unrecorded).toBe(true);
    expect(other).not.toHaveProperty('unrecorded');
  });
});

describe('isWarm', () => {
  const warmed = {
    module: MODULE,
    query: 'v1.0.0',
    version: 'v1.0.0' as const,
    fetched: false,
    mismatches: [],
  };
  it('is what is stored as it was recorded, also if no database knows it', () => {
    expect(isWarm(warmed)).toBe(true);
    expect(isWarm({ ...warmed, unrecorded: true })).toBe(true);
    expect(isWarm({ ...warmed, cause: 'down' })).toBe(false);
  });
});
