import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { listZip, readZipFile } from '../../src/zip/browse.js';
import type { ZipSource } from '../../src/zip/windowed-reader.js';
import { zipOf } from '../support/stores/zip-of.js';

const source = (bytes: Buffer): ZipSource => ({
  size: bytes.length,
  open: ({ start, end }) => Readable.from([bytes.subarray(start, end + 1)]),
});

it('lists the files of a zip and reads one of them', async () => {
  const zip = source(await zipOf({ 'm@v1/a.txt': 'aaa', 'm@v1/ü.txt': 'ü', 'm@v1/big': 'x'.repeat(5_000) }));
  const { files, isCut } = await listZip(zip, 10);
  expect(isCut).toBe(false);
  expect(files.map(({ name, size }) => [name, size])).toEqual([
    ['m@v1/a.txt', 3],
    ['m@v1/ü.txt', 2],
    ['m@v1/big', 5_000],
  ]);
  expect(String(await readZipFile(zip, 'm@v1/ü.txt', 100))).toBe('ü');
  expect(await readZipFile(zip, 'm@v1/none', 100)).toBeUndefined();
  expect(await readZipFile(zip, 'm@v1/big', 4_999)).toBe('too large');
});

it('lists no more than is asked for', async () => {
  const zip = source(await zipOf({ 'm@v1/a': 'a', 'm@v1/b': 'b' }));
  expect(await listZip(zip, 1)).toMatchObject({ isCut: true, files: [{ name: 'm@v1/a' }] });
});

it('tells the checksums of different contents apart', async () => {
  const crcs = await Promise.all(
    ['one', 'two'].map(async (text) => (await listZip(source(await zipOf({ f: text })), 1)).files[0]?.crc),
  );
  expect(crcs[0]).not.toBe(crcs[1]);
});

it('says what is wrong with what is not a zip', async () => {
  await expect(listZip(source(Buffer.from('no zip at all, but long enough')), 1)).rejects.toThrow();
});
