import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { WindowedReader, zipInFile, zipInMemory, type ZipSource } from '../../src/zip/windowed-reader.js';
import { tempDir } from '../support/tmp.js';

const MIB = 2 ** 20;
/** Every four bytes are their own number. */
const BYTES = Buffer.from(Uint32Array.from({ length: MIB }, (_, i) => i).buffer);

/** A source in memory, and what was done to it. */
function watched(): Required<ZipSource> & { opened: number[]; closed: number } {
  const source = {
    size: BYTES.length,
    opened: [] as number[],
    closed: 0,
    open({ start, end }: { start: number; end: number }) {
      source.opened.push(start);
      return Readable.from([BYTES.subarray(start, end + 1)]);
    },
    close() {
      source.closed += 1;
      return Promise.resolve();
    },
  };
  return source;
}

const read = (reader: WindowedReader, start: number, length: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const target = Buffer.alloc(length + 2, 0xff);
    reader.read(target, 1, length, start, (error) => {
      if (error !== null) reject(error);
      else resolve(target);
    });
  });

it('reads at two places of a zip in turn without opening it for each', async () => {
  const source = watched();
  const reader = new WindowedReader(source);
  for (let i = 0; i < 1000; i += 1) {
    for (const start of [40 * i, 3 * MIB + 46 * i]) {
      const bytes = await reader.bytes(start, start + 40);
      expect(bytes.equals(BYTES.subarray(start, start + 40))).toBe(true);
    }
  }
  expect(source.opened).toEqual([0, 3 * MIB]);
});

it('reads into the buffer of a caller, whether it has the bytes or not', async () => {
  const reader = new WindowedReader(watched());
  for (const start of [100, 200]) {
    const target = await read(reader, start, 30);
    expect(target.subarray(1, 31)).toEqual(BYTES.subarray(start, start + 30));
    expect([target[0], target[31]]).toEqual([0xff, 0xff]);
  }
});

it.each([1000, 300_000])('gives ranges of %i bytes as streams', async (length) => {
  const reader = new WindowedReader(watched());
  const start = 12_345;
  const found = await buffer(reader.createReadStream({ start, end: start + length }));
  expect(found.equals(BYTES.subarray(start, start + length))).toBe(true);
});

it('says that a zip ends too early', async () => {
  const reader = new WindowedReader(watched());
  await expect(read(reader, BYTES.length - 10, 11)).rejects.toThrow('unexpected end of the zip');
  await expect(read(reader, BYTES.length + 10, 1)).rejects.toThrow('unexpected end of the zip');
  expect(await reader.bytes(BYTES.length - 3, BYTES.length + 7)).toHaveLength(3);
});

it('closes its source', async () => {
  const source = watched();
  const reader = new WindowedReader(source);
  await new Promise((resolve) => reader.close(resolve));
  expect(source.closed).toBe(1);
});

it('reads a file, which it closes', async () => {
  const file = join(await tempDir('windowed'), 'zip');
  await writeFile(file, BYTES);
  const source = await zipInFile(file);
  expect(source.size).toBe(BYTES.length);
  expect((await buffer(source.open({ start: 10, end: 2 * MIB }))).length).toBe(2 * MIB - 9);
  const left = source.open({ start: 0, end: 3 * MIB });
  left.destroy();
  expect((await buffer(source.open({ start: 0, end: 9 }))).equals(BYTES.subarray(0, 10))).toBe(true);
  await source.close();
  await expect(buffer(source.open({ start: 0, end: 1 }))).rejects.toMatchObject({ code: 'EBADF' });
  await expect(zipInFile(`${file}2`)).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' });
});

it('reads a zip that is held in memory', async () => {
  const zip = zipInMemory(Buffer.from('0123456789'));
  expect([zip.size, String(await buffer(zip.open({ start: 2, end: 4 })))]).toEqual([10, '234']);
  const reader = new WindowedReader(zip);
  expect(String((await read(reader, 7, 3)).subarray(1, 4))).toBe('789');
});
