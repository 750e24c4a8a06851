import { describe, expect, it, vi } from 'vitest';
import { guarded, openChecksums } from '../src/checksum-services.js';
import { ModhavenError } from '../src/errors.js';
import type { DiskWatch } from '../src/fs/disk-watch.js';
import { pino } from 'pino';
import { parseModulePath } from '../src/module/module-path.js';
import { createDiskStore } from '../src/store/disk/disk-store.js';
import { putBytes } from '../src/store/version-store.js';
import type { OwnDatabase } from '../src/sumdb/log/own-database.js';
import { tempDir } from './support/tmp.js';

const isPrivate = (path: string) => path.startsWith('corp.test/');
const mirror = { get: () => Promise.reject(new Error('not asked')) };
const SUMS = { zip: `h1:${'a'.repeat(43)}=`, mod: `h1:${'b'.repeat(43)}=` };

function ownDatabase(): { database: OwnDatabase; alarm: ReturnType<typeof vi.fn> } {
  const alarm = vi.fn();
  const database = { name: 'sum.corp.test', recorded: () => Promise.resolve(undefined), alarm };
  return { database: database as unknown as OwnDatabase, alarm };
}

describe('guarded', () => {
  it('measures public versions by the public database, where it knows them, and private ones not', async () => {
    const lookup = vi.fn((module: string) =>
      module === 'pub.test/new'
        ? Promise.reject(new ModhavenError('MODULE_NOT_FOUND', 'not found'))
        : Promise.resolve(SUMS),
    );
    const { database, alarm } = ownDatabase();
    const store = guarded(
      createDiskStore(await tempDir('guarded')),
      isPrivate,
      { mirror, sums: { lookup } },
      database,
    );
    const put = (module: string) =>
      putBytes(
        store,
        { module: parseModulePath(module), version: 'v1.0.0', kind: 'mod' },
        Buffer.from('module x\n'),
      );
    await put('corp.test/lib');
    expect(lookup).not.toHaveBeenCalled();
    await put('pub.test/new');
    await expect(put('pub.test/lib')).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
    expect(alarm).toHaveBeenCalledOnce();
  });

  it('leaves a store alone without a database of our own', async () => {
    const versions = createDiskStore(await tempDir('unguarded'));
    const sums = { lookup: () => Promise.reject(new Error('not asked')) };
    expect(guarded(versions, isPrivate, { mirror, sums }, undefined)).toBe(versions);
  });
});

describe('openChecksums', () => {
  const sums = { lookup: () => Promise.reject(new Error('not asked')) };
  const log = pino({ enabled: false });

  it('passes public databases on, as long as the disk answers', async () => {
    const answer = { body: Buffer.from('note'), hit: true, immutable: false };
    const answering = { get: () => Promise.resolve(answer) };
    const open = (disk: Pick<DiskWatch, 'run'>) =>
      openChecksums({ isPrivate, log, disk }, { mirror: answering, sums }, {} as never, undefined);
    expect(await open({ run: (work) => work() }).get('sum.golang.org', 'latest')).toBe(answer);
    const disk = { run: () => Promise.reject(new Error('the disk does not answer')) };
    await expect(open(disk).get('sum.golang.org', 'latest')).rejects.toThrow('does not answer');
  });
});
