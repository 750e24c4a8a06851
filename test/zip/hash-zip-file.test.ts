import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashZipFile } from '../../src/zip/hash-zip-file.js';
import { createZipWriter } from '../../src/zip/writer.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion, type MadeVersion } from '../support/stores/versions.js';

let dir: string;
let made: MadeVersion;
beforeAll(async () => {
  dir = await tempDir('hash-zip');
  made = await makeVersion('ex.test/m', 'v1.0.0', { 'a.go': 'package a\n', 'empty.txt': '' });
});

async function verdict(bytes: Buffer) {
  const file = join(dir, 'zip');
  await writeFile(file, bytes);
  return hashZipFile(file);
}

describe('hashZipFile', () => {
  it('is the h1: hash of what a zip holds', async () => {
    expect(await verdict(made.zip)).toEqual({ hash: made.hash });
  });

  it.each<[what: string, change: (zip: Buffer) => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['a text', () => Buffer.from('<html>not found</html>')],
    ['its first half', (zip) => zip.subarray(0, zip.length / 2)],
    ['all but its last byte', (zip) => zip.subarray(0, -1)],
    ['a bit of its content changed', (zip) => flipped(zip, zip.indexOf('a.go') + 8)],
  ])('is a problem for %s', async (_, change) => {
    expect(await verdict(change(made.zip))).toEqual({ problem: expect.stringMatching(/./) as string });
  });

  it.each<[what: string, names: string[]]>([
    ['in byte order', ['LICENSE', 'a.go', 'b.go', 'b/c.go', 'go.mod']],
    ['with one behind its place', ['a.go', 'b.go', 'go.mod', 'LICENSE']],
    ['with several behind their places', ['a.go', 'z.go', 'b.go', 'B.go', 'zz.go', 'y.go', 'A.go']],
    ['in no order', Array.from({ length: 2_500 }, (_, i) => `${(i * 7_919) % 2_500}.go`)],
    ['with one twice', ['b.go', 'c.go', 'a.go', 'a.go', 'd.go']],
    ['with one at its place and once more', ['a.go', 'b.go', 'c.go', 'b.go']],
    ['of nothing', []],
  ])('is the same hash however many files there are: %s', async (_, names) => {
    const file = join(dir, 'many');
    const sink = createWriteStream(file);
    const writer = createZipWriter(sink);
    for (const name of names) {
      await writer.addBuffer(`ex.test/m@v1.0.0/${name}`, Buffer.from(`content of ${name}`));
    }
    await writer.finish();
    sink.end();
    await once(sink, 'close');
    const expected = await hashZipFile(file, Infinity);
    expect(expected).toEqual({ hash: expect.stringMatching(/^h1:/) as string });
    expect(await hashZipFile(file, 0)).toEqual(expected);
  });

  it('is a problem for a changed bit also where names are not held in memory', async () => {
    const file = join(dir, 'changed');
    await writeFile(file, flipped(made.zip, made.zip.indexOf('a.go') + 8));
    expect(await hashZipFile(file, 0)).toEqual({ problem: expect.stringContaining('checksum') as string });
  });

  it('says of no zip that it is bad because it cannot be read', async () => {
    await expect(hashZipFile(join(dir, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(hashZipFile(dir)).rejects.toMatchObject({ code: 'EFTYPE' });
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
