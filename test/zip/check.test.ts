import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { readModuleZip } from '../../src/zip/check.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion } from '../support/stores/versions.js';

const MODULE = 'example.com/m';
const VERSION = 'v1.0.0';
const NAME = `${MODULE}@${VERSION}`;

async function hashOf(zip: Buffer, name = NAME): Promise<string> {
  const file = path.join(await tempDir('zip'), 'zip');
  await writeFile(file, zip);
  return readModuleZip(file, name).then(({ hash }) => hash);
}

/** The reason of the refusal. */
async function refusal(zip: Buffer, name = NAME): Promise<string | undefined> {
  const error = await hashOf(zip, name).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModhavenError);
  expect(error).toMatchObject({ code: 'MODULE_INVALID', message: `not a zip of ${name}` });
  return (error as ModhavenError).reason;
}

describe('readModuleZip', () => {
  it('is the h1: hash of the files, as go.sum has it', async () => {
    const { zip, hash } = await makeVersion(MODULE, VERSION, { 'a.go': 'package a\n', 'sub/größe.txt': 'x' });
    expect(await hashOf(zip)).toBe(hash);
  });

  it.each([0, 1, 16_000, 17_000, 128 * 1024, 128 * 1024 + 1, 400_000])(
    'reads a file of %i bytes, in memory and on the disk, and refuses one that changed',
    async (size) => {
      const { zip, hash } = await makeVersion(MODULE, VERSION, { 'a.txt': 'ab'.repeat(size).slice(0, size) });
      expect([await hashOf(zip), (await readModuleZip(zip, NAME)).hash]).toEqual([hash, hash]);
      const damaged = Buffer.from(zip);
      // A record of the directory has the checksum 30 bytes before its name.
      const checksum = damaged.lastIndexOf(`${NAME}/a.txt`) - 30;
      damaged.writeUInt32LE((damaged.readUInt32LE(checksum) ^ 1) >>> 0, checksum);
      await expect(readModuleZip(damaged, NAME)).rejects.toMatchObject({
        reason: expect.stringContaining('checksum') as string,
      });
      expect(await refusal(damaged)).toContain('checksum');
    },
  );

  it('refuses the zip of another version', async () => {
    const { zip } = await makeVersion(MODULE, VERSION);
    expect(await refusal(zip, `${MODULE}@v1.0.1`)).toContain(`it holds ${NAME}/go.mod`);
  });

  it.each([
    { name: 'sub/go.mod', reason: 'go.mod file not in module root directory' },
    { name: '../evil', reason: 'invalid path element ".."' },
    { name: 'con/a.go', reason: 'malformed file path "con/a.go"' },
    { name: 'GO.MOD', reason: 'go.mod files must have lowercase names' },
  ])('refuses $name', async ({ name, reason }) => {
    const { zip } = await makeVersion(MODULE, VERSION, { [name]: 'x' });
    expect(await refusal(zip)).toContain(reason);
  });

  it('refuses two names that are one on a file system without case', async () => {
    const { zip } = await makeVersion(MODULE, VERSION, { 'a.go': 'package a\n', 'A.go': 'package a\n' });
    expect(await refusal(zip)).toMatch(/case-insensitive|collision/);
  });

  it('refuses a zip in which any one byte of a content changed', async () => {
    const { zip } = await makeVersion(MODULE, VERSION, { 'a.go': 'package a' });
    const damaged = Buffer.from(zip);
    const at = damaged.indexOf('package a');
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    expect(await refusal(damaged)).toContain('checksum');
  });

  it.each([
    { what: 'more', by: 1, says: 'not enough bytes' },
    { what: 'less', by: -1, says: 'too many bytes' },
  ])('refuses a zip whose directory says $what than a file has', async ({ by, says }) => {
    const { zip } = await makeVersion(MODULE, VERSION, { 'a.go': 'package a\n'.repeat(20) });
    const damaged = Buffer.from(zip);
    // A record of the directory has the size 22 bytes before its name.
    const size = damaged.lastIndexOf(`${NAME}/a.go`) - 22;
    damaged.writeUInt32LE(damaged.readUInt32LE(size) + by, size);
    expect(await refusal(damaged)).toContain(says);
  });

  it('lets others have their turn in a zip of many small files', async () => {
    const names = Array.from({ length: 300 }, (_, i) => [`f${i}.go`, 'package f\n'] as const);
    const { zip } = await makeVersion(MODULE, VERSION, Object.fromEntries(names));
    let turns = 0;
    let isOver = false;
    const take = (): void => {
      turns += 1;
      if (!isOver) setImmediate(take);
    };
    setImmediate(take);
    await hashOf(zip);
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(300 / 32);
  });

  it('says of bytes behind its end what they are', async () => {
    const { zip } = await makeVersion(MODULE, VERSION);
    const read = readModuleZip(Buffer.concat([zip, Buffer.from('x')]), `${MODULE}@${VERSION}`);
    await expect(read).rejects.toMatchObject({ reason: 'bytes follow behind its end' });
  });

  it('refuses a zip wherever it is cut off', async () => {
    const { zip } = await makeVersion(MODULE, VERSION);
    for (let length = 0; length < zip.length; length += 37) await refusal(zip.subarray(0, length));
  });
});
