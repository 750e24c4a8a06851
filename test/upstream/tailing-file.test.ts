import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTailingFile, type TailingFile } from '../../src/upstream/tailing-file.js';
import { tempDir } from '../support/tmp.js';

/** What readers see in one step, and what is held back from them. */
const [STEP, HELD_BACK] = [256 * 1024, 64 * 1024 + 22];

let path: string;
let file: TailingFile;
beforeEach(async () => {
  path = join(await tempDir('tailing'), 'zip');
  file = await createTailingFile(path);
});
afterEach(() => file.close());

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, i) => i % 251));

describe('createTailingFile', () => {
  it('takes no name that is taken', async () => {
    await writeFile(join(path, '../taken'), '');
    await expect(createTailingFile(join(path, '../taken'))).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('shows whole steps, and never the end', async () => {
    const seen: number[] = [];
    for (const length of [STEP, HELD_BACK - 1, 1, STEP - 1, 1]) {
      await file.write(bytes(length));
      seen.push(file.visible());
    }
    expect(seen).toEqual([0, 0, STEP, STEP, 2 * STEP]);
    file.complete();
    expect(file.visible()).toBe(2 * STEP + HELD_BACK);
  });

  it('gives every reader all of it, whenever he comes', async () => {
    const content = bytes(2 * STEP + HELD_BACK + 5);
    const early = buffer(await file.read());
    await file.write(content.subarray(0, STEP + HELD_BACK));
    const late = buffer(await file.read());
    await file.write(content.subarray(STEP + HELD_BACK));
    file.complete();
    const last = buffer(await file.read());
    for (const read of await Promise.all([early, late, last])) expect(read.equals(content)).toBe(true);
  });

  it('gives what may be seen before the rest is there', async () => {
    await file.write(bytes(STEP + HELD_BACK));
    const reader = await file.read();
    const [first] = (await reader.take(1).toArray()) as Buffer[];
    expect(first?.equals(bytes(STEP + HELD_BACK).subarray(0, first.length))).toBe(true);
    expect(first?.length).toBe(STEP);
  });

  it('breaks off for all readers where it is bad, and shows none of them its end', async () => {
    const bad = new Error('it is bad');
    await file.write(bytes(STEP + HELD_BACK));
    const reader = await file.read();
    let size = 0;
    const reading = (async () => {
      for await (const piece of reader) size += (piece as Buffer).length;
    })();
    file.fail(bad);
    await expect(reading).rejects.toBe(bad);
    expect(size).toBeLessThanOrEqual(STEP);
    await expect(buffer(await file.read())).rejects.toBe(bad);
  });

  it('keeps to its first verdict', async () => {
    await file.write(bytes(10));
    file.complete();
    file.fail(new Error('too late'));
    expect(await buffer(await file.read())).toEqual(bytes(10));
  });

  it('is empty when nothing was written', async () => {
    file.complete();
    expect(await buffer(await file.read())).toHaveLength(0);
  });

  it('may lose its name while it is read', async () => {
    const reader = await file.read();
    await rm(path);
    await file.write(bytes(10));
    file.complete();
    expect(await buffer(reader)).toEqual(bytes(10));
  });
});
