import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Maintenance } from '../../src/gc/maintenance.js';
import { openStores, type Stores } from '../../src/store/open/open-stores.js';
import { tempDir } from '../support/tmp.js';

let dir: string;
let stores: Stores;
let maintenance: Maintenance;
const log = { info: vi.fn(), warn: vi.fn() };

beforeEach(async () => {
  vi.clearAllMocks();
  dir = await tempDir('maintenance');
  stores = openStores({ cacheDir: dir });
  maintenance = new Maintenance({
    ...{ stores, log, maxBytes: () => 1_000_000 },
    ...{ isReplaceable: () => false, hasUpstream: () => false },
  });
});
afterEach(() => maintenance.stop());

interface Report {
  maxBytes: number;
  bytes?: number;
  removed?: { leftovers: number };
}
const report = () => maintenance.report() as Report;

describe('Maintenance', () => {
  it('reports its limit before it has looked', () => {
    expect(report()).toEqual({ maxBytes: 1_000_000, scrub: undefined });
  });

  it('removes at its start what killed processes left, and says so', async () => {
    await mkdir(join(dir, 'download'), { recursive: true });
    const left = join(dir, 'download/.tmp-left');
    await writeFile(left, 'x'.repeat(100));
    await utimes(left, new Date(0), new Date(0));
    maintenance.start();
    await vi.waitFor(() => expect(report().removed).toMatchObject({ leftovers: 1 }), { timeout: 20_000 });
    expect(log.info.mock.calls).toEqual([
      [
        expect.objectContaining({ leftovers: 1, mirrors: 0, versions: 0, answers: 0 }),
        'room was made in the cache',
      ],
    ]);
  });

  it('says nothing where there was nothing to do', async () => {
    maintenance.start();
    await vi.waitFor(() => expect(report().removed).toMatchObject({ leftovers: 0 }), { timeout: 20_000 });
    expect(log.info).not.toHaveBeenCalled();
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('writes down uses when it ends, and ends also where that fails', async () => {
    const flush = vi.spyOn(stores.lastUse, 'flush').mockRejectedValue(new Error('no room'));
    await maintenance.stop();
    expect(flush).toHaveBeenCalledOnce();
  });
});
