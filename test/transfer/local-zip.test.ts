import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { StoreDecorator } from '../../src/store/store-decorator.js';
import type { ByteRange, Part, VersionReader, VersionStore } from '../../src/store/version-store.js';
import type { CopiedVersion } from '../../src/transfer/copy-version.js';
import { copyByLocalZip, LocalZip } from '../../src/transfer/local-zip.js';
import { createMemoryStore } from '../support/stores/memory-store.js';
import { tempDir } from '../support/tmp.js';

const version = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0' } as const;
const ZIP: Part = { ...version, kind: 'zip' };
const MOD: Part = { ...version, kind: 'mod' };
const CONTENT = Buffer.from('0123456789'.repeat(20_000));

/** A store whose first `cuts` streams break off in the middle, and that gives no go.mod out. */
class BreakingStore extends StoreDecorator {
  readonly opened: (ByteRange | undefined)[] = [];
  private cuts: number;

  constructor(inner: VersionStore, cuts: number) {
    super(inner);
    this.cuts = cuts;
  }

  override open(part: Part, range?: ByteRange): Readable {
    this.opened.push(range);
    const whole = super.open(part, range);
    if (this.cuts === 0) return whole;
    this.cuts -= 1;
    return Readable.from(breakingOff(whole));
  }

  override read(): Promise<Buffer | undefined> {
    return Promise.reject(new Error('the connection broke off'));
  }
}

async function* breakingOff(whole: Readable): AsyncGenerator<Buffer> {
  const bytes = await buffer(whole);
  yield bytes.subarray(0, bytes.length / 2);
  throw new Error('the connection broke off');
}

let folder: string;
let source: VersionStore;
beforeEach(async () => {
  folder = await tempDir('local-zip');
  source = createMemoryStore({ known: [[ZIP, CONTENT]] });
});
const read = (store: VersionReader, range?: ByteRange) => buffer(store.open(ZIP, range));

describe('LocalZip', () => {
  it('remembers what could not be read, also of sizes', async () => {
    await LocalZip.with(source, { zip: ZIP, folder }, async (local) => {
      expect(local.failure).toBeUndefined();
      source.size = () => Promise.reject(new Error('the connection broke off'));
      await expect(local.size(MOD)).rejects.toThrow('broke off');
      expect(local.failure?.message).toBe('the connection broke off');
    });
  });

  it('reads a zip from a file here, and leaves nothing', async () => {
    await LocalZip.with(source, { zip: ZIP, folder }, async (local) => {
      expect(await readdir(folder)).toHaveLength(1);
      await source.removal?.remove(version);
      expect((await read(local)).equals(CONTENT)).toBe(true);
      expect((await read(local, { start: 8, end: 11 })).toString()).toBe('8901');
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes up a zip that breaks off where it ended', async () => {
    const breaking = new BreakingStore(source, 3);
    await LocalZip.with(breaking, { zip: ZIP, folder }, async (local) => {
      expect((await read(local)).equals(CONTENT)).toBe(true);
    });
    expect(breaking.opened.map((range) => range?.start)).toEqual([0, 100_000, 150_000, 175_000]);
  });

  it('says that a zip breaks off again and again, and leaves nothing', async () => {
    const work = LocalZip.with(new BreakingStore(source, 9), { zip: ZIP, folder }, () => Promise.resolve());
    await expect(work).rejects.toMatchObject({
      code: 'STORAGE',
      message: 'the zip of corp.test/lib@v1.0.0 could not be brought to this machine',
      reason: 'the connection broke off',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('knows that something could not be read', async () => {
    await LocalZip.with(new BreakingStore(source, 0), { zip: ZIP, folder }, async (local) => {
      expect(local.failure).toBeUndefined();
      await expect(local.read(MOD)).rejects.toThrow('broke off');
      expect(local.failure).toMatchObject({ message: 'the connection broke off' });
    });
  });

  it('brings nothing where there is no zip', async () => {
    const found = await LocalZip.with(createMemoryStore(), { zip: ZIP, folder }, async (local) => [
      local.file,
      await local.size(ZIP),
    ]);
    expect(found).toEqual([undefined, undefined]);
  });
});

describe('copyByLocalZip', () => {
  const outcome = (faults: CopiedVersion['faults']): CopiedVersion => ({
    ...version,
    added: [],
    faults,
    outcome: faults.length === 0 ? 'same' : 'damaged',
  });
  const DAMAGE = [{ part: 'mod' as const, problem: 'is damaged' }];

  it('says what the copy says, also of a version that is damaged', async () => {
    for (const faults of [[], DAMAGE]) {
      const copied = copyByLocalZip(source, { ...version, folder }, () => Promise.resolve(outcome(faults)));
      expect(await copied).toEqual(outcome(faults));
    }
  });

  it('takes no version for damaged of which something could not be read', async () => {
    const copied = copyByLocalZip(new BreakingStore(source, 0), { ...version, folder }, async (local) => {
      await local.read(MOD).catch(() => undefined);
      return outcome(DAMAGE);
    });
    await expect(copied).rejects.toThrow('the connection broke off');
  });
});
