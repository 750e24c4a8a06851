import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readZipFiles } from '../../src/zip/reader.js';
import type { ZipSource } from '../../src/zip/windowed-reader.js';
import { createZipWriter } from '../../src/zip/writer.js';
import { zipHash } from '../conformance/module-hash.js';
import { makeVersion } from '../support/stores/versions.js';
import { collector } from './read-zip.js';

/** A zip in memory that counts how often it is opened. */
function inMemory(zip: Buffer): ZipSource & { opened: number } {
  const source = {
    size: zip.length,
    opened: 0,
    open({ start, end }: { start: number; end: number }) {
      source.opened += 1;
      return Readable.from([zip.subarray(start, end + 1)]);
    },
  };
  return source;
}

describe('readZipFiles', () => {
  it('reads many small files and a big one by opening the zip a few times', async () => {
    const sink = collector();
    const writer = createZipWriter(sink);
    for (let i = 0; i < 800; i += 1) {
      await writer.addBuffer(`m/${String(i).padStart(5, '0')}`, Buffer.from(`file ${i}\n`.repeat(50)));
    }
    const piece = Buffer.alloc(1024 * 1024);
    await writer.addStream(
      'm/big',
      (async function* () {
        for (let i = 0; i < 5; i += 1) yield Promise.resolve(piece);
      })(),
    );
    await writer.finish();
    const zip = inMemory(sink.bytes());
    const { hash, files } = await readZipFiles(zip);
    expect(files).toHaveLength(801);
    expect(zip.opened).toBeLessThan(20);
    expect(hash).toBe(await zipHash(sink.bytes()));
  });

  it('calls check with each file and its size before it reads the file', async () => {
    const { zip } = await makeVersion('example.com/m', 'v1.0.0', {
      'a.go': 'package a\n',
      'b.go': 'package b // b\n',
    });
    const seen: [string, number][] = [];
    await readZipFiles(inMemory(zip), (name, size) => seen.push([name, size]));
    expect(seen).toEqual([
      ['example.com/m@v1.0.0/go.mod', 21],
      ['example.com/m@v1.0.0/a.go', 10],
      ['example.com/m@v1.0.0/b.go', 15],
    ]);
    const refusing = readZipFiles(inMemory(zip), (name) => {
      throw new Error(`refused ${name}`);
    });
    await expect(refusing).rejects.toThrow('refused example.com/m@v1.0.0/go.mod');
  });

  it.each([
    { name: 'is cut off', damage: (zip: Buffer) => zip.subarray(0, -30) },
    { name: 'is empty', damage: () => Buffer.alloc(0) },
    { name: 'is not a zip', damage: () => Buffer.from('<html>sign in</html>') },
  ])('throws for a zip that $name', async ({ damage }) => {
    const { zip } = await makeVersion('example.com/m', 'v1.0.0');
    await expect(readZipFiles(inMemory(damage(zip)))).rejects.toThrow(Error);
  });
});
