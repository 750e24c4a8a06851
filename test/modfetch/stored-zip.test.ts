import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StoredZip } from '../../src/modfetch/repo.js';
import {
  keepPart,
  logBreaks,
  openStoredZip,
  storedZip,
  storeZip,
  ZipFlight,
  type BegunZip,
} from '../../src/modfetch/stored-zip.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { createMemoryStore } from '../support/stores/memory-store.js';
import { putBytes, type Part, type PartKind, type VersionStore } from '../../src/store/version-store.js';
import { tempDir } from '../support/tmp.js';

const zip: Part = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0', kind: 'zip' };
const HASH = `h1:${Buffer.alloc(32, 1).toString('base64')}`;
const text = async (store: VersionStore, kind: PartKind) => (await store.read({ ...zip, kind }))?.toString();
const put = (store: VersionStore, kind: PartKind, content: string) =>
  putBytes(store, { ...zip, kind }, Buffer.from(content));

const STORED: StoredZip = { hash: HASH, open: () => Promise.reject(new Error('not opened here')) };
const BEGUN: BegunZip = { fromCache: false };

describe('ZipFlight', () => {
  it('answers once the zip has begun, and says later that it is stored', async () => {
    let resolve: (zip: StoredZip) => void = () => undefined;
    const promise = new Promise<StoredZip>((done) => (resolve = done));
    const flight = new ZipFlight(3, (begin) => {
      queueMicrotask(() => begin(BEGUN));
      return promise;
    });
    let ended = false;
    flight.onEnd(() => (ended = true));
    const answer = await flight.begun;
    expect(answer).toMatchObject({ fromCache: false });
    expect([flight.generation, ended]).toEqual([3, false]);
    resolve(STORED);
    expect(await answer.stored()).toBe(STORED);
    expect(ended).toBe(true);
  });

  it('fails where it fails before it has begun', async () => {
    const flight = new ZipFlight(0, () => Promise.reject(new Error('no such version')));
    const end = new Promise<void>((resolve) => flight.onEnd(resolve));
    await expect(flight.begun).rejects.toThrow('no such version');
    await end;
  });

  it('tells those who wait for the end of a failure after the beginning', async () => {
    const flight = new ZipFlight(0, async (begin) => {
      begin(BEGUN);
      await Promise.resolve();
      throw new Error('it broke off');
    });
    const { stored } = await flight.begun;
    await expect(stored()).rejects.toThrow('it broke off');
  });
});

describe('storeZip', () => {
  it('stores go.mod and hash before the zip', async () => {
    const store = createMemoryStore();
    let before: (string | undefined)[] = [];
    await storeZip(store, zip, {
      mod: Buffer.from('module corp.test/lib\n'),
      deliver: (target) =>
        target.put(async (sink) => {
          await new Promise<void>((resolve) => sink.write('PK', () => resolve()));
          before = [await text(store, 'mod'), await text(store, 'zip')];
          return HASH;
        }),
    });
    expect(before).toEqual(['module corp.test/lib\n', undefined]);
    expect([await text(store, 'ziphash'), await text(store, 'zip')]).toEqual([HASH, 'PK']);
  });

  it('keeps a go.mod that is stored already', async () => {
    const store = createMemoryStore();
    await put(store, 'mod', 'the first\n');
    await storeZip(store, zip, { mod: Buffer.from('another\n'), deliver: () => Promise.resolve() });
    expect(await text(store, 'mod')).toBe('the first\n');
  });

  it('takes a finished file and leaves it where it is', async () => {
    const store = createMemoryStore();
    const file = path.join(await tempDir('zip'), 'a.zip');
    await writeFile(file, 'PK');
    await storeZip(store, zip, {
      deliver: (target) => target.putFile(file, { hash: HASH, goMod: undefined }),
    });
    expect([await text(store, 'ziphash'), await text(store, 'zip')]).toEqual([HASH, 'PK']);
    expect(await readFile(file, 'utf8')).toBe('PK');
  });

  it('takes a whole zip in memory, if it belongs to the go.mod that is stored', async () => {
    const store = createMemoryStore();
    const bytes = Buffer.from('PK');
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const deliver = (goMod: string) =>
      storeZip(store, zip, {
        deliver: (target) => target.putBytes(bytes, { hash: HASH, goMod: sha256(goMod) }),
      });
    await put(store, 'mod', 'module corp.test/lib\n');
    await expect(deliver('module corp.test/other\n')).rejects.toThrow('do not belong together');
    expect([await text(store, 'ziphash'), await text(store, 'zip')]).toEqual([undefined, undefined]);
    await deliver('module corp.test/lib\n');
    expect([await text(store, 'ziphash'), await text(store, 'zip')]).toEqual([HASH, 'PK']);
  });

  it('stores neither zip nor hash where the zip breaks off', async () => {
    const store = createMemoryStore();
    const broken = storeZip(store, zip, {
      deliver: (target) =>
        target.put((sink) => {
          sink.write('P');
          return Promise.reject(new Error('it broke off'));
        }),
    });
    await expect(broken).rejects.toThrow('it broke off');
    expect([await text(store, 'ziphash'), await text(store, 'zip')]).toEqual([undefined, undefined]);
  });
});

describe('storedZip and openStoredZip', () => {
  it('opens what is stored', async () => {
    const store = createDiskStore(await tempDir('zip'));
    expect(await storedZip(store, zip)).toBeUndefined();
    await put(store, 'ziphash', `${HASH}\n`);
    await put(store, 'zip', 'PK');
    const found = await storedZip(store, zip);
    expect(found?.hash).toBe(HASH);
    const file = await found?.open();
    expect(file?.size).toBe(2);
    file?.close();
  });

  it('says what to do where the hash is gone', async () => {
    const store = createMemoryStore();
    await put(store, 'zip', 'PK');
    await expect(storedZip(store, zip)).rejects.toMatchObject({
      code: 'STORAGE',
      message: 'the stored zip of corp.test/lib@v1.0.0 is incomplete',
      reason: 'its .ziphash file was removed from the cache directory',
    });
  });

  it('has nothing where the version is removed while it is looked at', async () => {
    const store = createMemoryStore();
    await put(store, 'zip', 'PK');
    const sizes = [2, undefined];
    const going = Object.assign(Object.create(store) as VersionStore, {
      size: () => Promise.resolve(sizes.shift()),
    });
    expect(await storedZip(going, zip)).toBeUndefined();
  });

  it('says that the zip vanished meanwhile', async () => {
    const store = createDiskStore(await tempDir('zip'));
    await put(store, 'ziphash', HASH);
    const { open } = await openStoredZip(store, zip);
    await expect(open()).rejects.toThrow('corp.test/lib@v1.0.0: .zip vanished from the store');
  });

  it('needs a store that reads at a position', async () => {
    const store = createMemoryStore();
    await put(store, 'ziphash', HASH);
    await expect((await openStoredZip(store, zip)).open()).rejects.toMatchObject({
      code: 'STORAGE',
      message: 'this store cannot read at a position',
    });
  });
});

describe('keepPart', () => {
  it('gives the bytes that are stored, which may be those of a faster process', async () => {
    const store = createMemoryStore();
    const part: Part = { ...zip, kind: 'info' };
    expect(String(await keepPart(store, part, Buffer.from('ours')))).toBe('ours');
    expect(String(await keepPart(store, part, Buffer.from('later')))).toBe('ours');
  });
});

describe('logBreaks', () => {
  it('says in the log why a zip broke off', async () => {
    const lines: unknown[] = [];
    const log = { warn: (...line: unknown[]) => lines.push(line) } as never;
    const body = new Readable({ read: () => undefined });
    const stream = await logBreaks(log, zip, () => Promise.resolve({ length: 2, body }))();
    expect(stream?.body).toBe(body);
    body.destroy(new Error('bad zip'));
    await new Promise((resolve) => body.once('close', resolve));
    expect(lines).toEqual([
      [
        { module: zip.module, version: zip.version, failure: 'bad zip' },
        expect.stringContaining('broke off'),
      ],
    ]);
  });

  it('has nothing to say where the zip is stored by now', async () => {
    expect(await logBreaks({} as never, zip, () => Promise.resolve(undefined))()).toBeUndefined();
  });
});
