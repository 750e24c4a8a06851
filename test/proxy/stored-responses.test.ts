import { beforeEach, describe, expect, it } from 'vitest';
import type { ModulePath } from '../../src/module/module-path.js';
import { ResponseCache, type CachedResponse } from '../../src/proxy/response-cache.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { ANYONE } from '../../src/proxy/gate.js';
import { openPartOf } from '../../src/proxy/http/responses.js';
import { StoredResponses } from '../../src/proxy/stored-responses.js';
import { putBytes, type Part, type VersionStore } from '../../src/store/version-store.js';
import { noise } from '../support/noise.js';
import { storeWith } from '../support/stores/store-with.js';
import { tempDir } from '../support/tmp.js';

const admission = { principal: ANYONE, audience: undefined };
const module = 'mycompany.com/go/foo' as ModulePath;
const zip: Part = { module, version: 'v1.0.0', kind: 'zip' };
const url = `/${module}/@v/v1.0.0.zip`;
/** More than is read for anybody. */
const content = noise(1_000_000);

/** Whether the whole content is in cache. */
function holds(found: CachedResponse | undefined): boolean {
  const body = found?.response.body;
  return Buffer.isBuffer(body) && body.equals(content);
}

describe('StoredResponses', () => {
  let store: VersionStore;
  let cache: ResponseCache;
  let maxBytes: number;
  let stored: StoredResponses;
  let opened: number;
  let open: number;
  let reads: number;
  let readFails: boolean;
  /** What opening a file waits for, once. */
  let gate: Promise<void>;

  beforeEach(async () => {
    const disk = createDiskStore(await tempDir('stored'));
    [opened, open, reads, readFails, gate] = [0, 0, 0, false, Promise.resolve()];
    maxBytes = 16 * 2 ** 20;
    store = storeWith(disk, {
      positions: {
        open: async (part) => {
          opened += 1;
          const waiting = gate;
          gate = Promise.resolve();
          const file = await disk.positions?.open(part);
          await waiting;
          if (file === undefined) return undefined;
          open += 1;
          return {
            size: file.size,
            read(target, length, position, done) {
              reads += 1;
              if (readFails) done(new Error('the disk is gone'), 0);
              else file.read(target, length, position, done);
            },
            close() {
              open -= 1;
              file.close();
            },
          };
        },
      },
    });
    cache = new ResponseCache({ maxBytes: () => maxBytes, refreshMs: () => 30_000 });
    stored = new StoredResponses(cache, store);
  });

  async function put(): Promise<void> {
    await putBytes(store, { ...zip, kind: 'ziphash' }, Buffer.from('h1:abc='));
    await putBytes(store, zip, content);
  }

  it('keeps nothing that was being read while something was purged', async () => {
    const mod: Part = { ...zip, kind: 'mod' };
    await putBytes(store, mod, Buffer.from('module m\n'));
    const found = stored.find('/m/@v/v1.0.0.mod', mod, admission);
    cache.forgetAll();
    expect((await found)?.response.body).toBe('module m\n');
    expect(cache.get('/m/@v/v1.0.0.mod')).toBeUndefined();
    await stored.find('/m/@v/v1.0.0.mod', mod, admission);
    expect(cache.get('/m/@v/v1.0.0.mod')).toBeDefined();
  });

  it('reads a zip once for all who ask at the same time, and keeps it', async () => {
    await put();
    const all = await Promise.all(Array.from({ length: 100 }, async () => stored.find(url, zip, admission)));
    expect(all.every((found) => found?.response.body === all[0]?.response.body)).toBe(true);
    expect(holds(all[0])).toBe(true);
    expect({ opened, reads, open }).toEqual({ opened: 1, reads: 1, open: 0 });
    expect(cache.get(url)?.response.body).toBe(all[0]?.response.body);
  });

  it('gives a file to a single caller, the first time', async () => {
    await put();
    const first = await stored.find(url, zip, admission);
    expect(first && openPartOf(first.response)?.size).toBe(content.length);
    expect([reads, cache.bytes()]).toEqual([0, 0]);
    if (first !== undefined) openPartOf(first.response)?.close();
    expect(holds(await stored.find(url, zip, admission))).toBe(true);
    expect(open).toBe(0);
  });

  it('gives each a file of his own where cache has no room for it', async () => {
    await put();
    maxBytes = content.length;
    const all = await Promise.all(Array.from({ length: 3 }, async () => stored.find(url, zip, admission)));
    const files = all.map((found) => found && openPartOf(found.response));
    expect(new Set(files).size).toBe(3);
    expect({ open, reads }).toEqual({ open: 3, reads: 0 });
    for (const file of files) file?.close();
    expect([open, cache.bytes()]).toEqual([0, 0]);
  });

  it('finds what was stored while it looked for another caller', async () => {
    let release = (): void => undefined;
    gate = new Promise((resolve) => (release = resolve));
    const early = stored.find(url, zip, admission);
    await put();
    const late = stored.find(url, zip, admission);
    release();
    expect(await early).toBeUndefined();
    const found = await late;
    expect(found?.response.size).toBe(content.length);
    if (found !== undefined) openPartOf(found.response)?.close();
  });

  it('tells all of them that it cannot be read, and tries again for the next', async () => {
    await put();
    readFails = true;
    const all = Array.from({ length: 3 }, async () => stored.find(url, zip, admission));
    for (const result of await Promise.allSettled(all)) expect(result.status).toBe('rejected');
    expect([open, cache.bytes()]).toEqual([0, 0]);
    readFails = false;
    const found = await stored.find(url, zip, admission);
    expect(found?.response.size).toBe(content.length);
    if (found !== undefined) openPartOf(found.response)?.close();
  });

  it('keeps nothing under a URL that is written in an unusual way', async () => {
    await put();
    const all = await Promise.all(
      Array.from({ length: 2 }, async () => stored.find(`${url}?x`, zip, admission)),
    );
    expect(holds(all[0])).toBe(true);
    expect(cache.bytes()).toBe(0);
  });
});
