import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashZipFile } from '../../src/zip/hash-zip-file.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion, type MadeVersion } from '../transfer/versions.js';

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

  it('says of no zip that it is bad because it cannot be read', async () => {
    await expect(hashZipFile(join(dir, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(hashZipFile(dir)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
