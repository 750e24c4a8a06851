import { describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk-store.js';
import { createMemoryStore } from '../../src/store/memory-store.js';
import type { VersionStore } from '../../src/store/version-store.js';
import { readZipFiles } from '../../src/zip/reader.js';
import { createZipWriter } from '../../src/zip/writer.js';
import { zipHash } from '../conformance/module-hash.js';
import { storeWith } from '../support/store-with.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion } from '../transfer/versions.js';

const MODULE = 'example.com/m';
const VERSION = 'v1.0.0';
const PART = { module: parseModulePath(MODULE), version: VERSION, kind: 'zip' } as const;

describe('readZipFiles', () => {
  it('reads many small files and a big one with few reads of the store', async () => {
    const store: VersionStore = createDiskStore(await tempDir('store'));
    await store.put(PART, async (sink) => {
      const writer = createZipWriter(sink);
      for (let i = 0; i < 3_000; i += 1) {
        await writer.addBuffer(`m/${String(i).padStart(5, '0')}`, Buffer.from(`file ${i}\n`.repeat(50)));
      }
      const piece = Buffer.alloc(1024 * 1024);
      await writer.addStream(
        'm/big',
        (async function* () {
          for (let i = 0; i < 20; i += 1) yield Promise.resolve(piece);
        })(),
      );
      await writer.finish();
    });
    let opened = 0;
    const counting = storeWith(store, {
      open(asked, range) {
        opened += 1;
        return store.open(asked, range);
      },
    });
    const { hash, files } = await readZipFiles(counting, PART);
    expect(files).toHaveLength(3_001);
    expect(opened).toBeLessThan(20);
    expect(hash).toBe(await zipHash((await store.read(PART)) ?? Buffer.alloc(0)));
  });

  it('calls check with each file and its size before it reads the file', async () => {
    const { zip } = await makeVersion(MODULE, VERSION, { 'a.go': 'package a\n', 'b.go': 'package b // b\n' });
    const seen: [string, number][] = [];
    const store = createMemoryStore({ known: [[PART, zip]] });
    await readZipFiles(store, PART, (name, size) => seen.push([name, size]));
    expect(seen).toEqual([
      [`${MODULE}@${VERSION}/go.mod`, 21],
      [`${MODULE}@${VERSION}/a.go`, 10],
      [`${MODULE}@${VERSION}/b.go`, 15],
    ]);
    const refusing = readZipFiles(store, PART, (name) => {
      throw new Error(`refused ${name}`);
    });
    await expect(refusing).rejects.toThrow('refused example.com/m@v1.0.0/go.mod');
  });

  it.each([
    { name: 'is cut off', damage: (zip: Buffer) => zip.subarray(0, -30) },
    { name: 'is empty', damage: () => Buffer.alloc(0) },
    { name: 'is not a zip', damage: () => Buffer.from('<html>sign in</html>') },
  ])('throws for a zip that $name', async ({ damage }) => {
    const { zip } = await makeVersion(MODULE, VERSION);
    await expect(readZipFiles(createMemoryStore({ known: [[PART, damage(zip)]] }), PART)).rejects.toThrow(
      Error,
    );
  });

  it('throws where the store has no such zip', async () => {
    await expect(readZipFiles(createMemoryStore(), PART)).rejects.toThrow(Error);
  });
});
