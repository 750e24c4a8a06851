import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeNewFile } from '../../src/store/write-new-file.js';
import { tempDir } from '../support/tmp.js';

let file: string;
beforeEach(async () => {
  file = path.join(await tempDir('new-file'), 'zip');
});

describe.each([{ flush: true }, {}])('a new file, with %j', (options) => {
  it('is written', async () => {
    await writeNewFile(file, (sink) => Promise.resolve(void sink.write('PK')), options);
    expect(await readFile(file, 'utf8')).toBe('PK');
  });

  it('is written with its folder, if that is wanted', async () => {
    const below = path.join(path.dirname(file), 'a', 'b', 'zip');
    const write = (sink: Writable) => Promise.resolve(void sink.write('PK'));
    await expect(writeNewFile(below, write, options)).rejects.toMatchObject({ code: 'STORAGE' });
    await writeNewFile(below, write, { ...options, makesFolder: true });
    expect(await readFile(below, 'utf8')).toBe('PK');
  });

  it('is not finished by a writer that breaks off, whose error is thrown', async () => {
    const write = () => Promise.reject(new Error('the host broke off'));
    await expect(writeNewFile(file, write, options)).rejects.toThrow('the host broke off');
  });

  it('takes the place of no other: what the disk says is a STORAGE error', async () => {
    await writeFile(file, 'another');
    const written = writeNewFile(file, () => Promise.resolve(), options);
    await expect(written).rejects.toMatchObject({ code: 'STORAGE' });
    expect(await readFile(file, 'utf8')).toBe('another');
  });
});
