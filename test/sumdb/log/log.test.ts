/** The log on disk: what it answers, what a crash leaves, what damage it notices, and that nothing forks it. */
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createFile } from '../../../src/fs/durable-file.js';
import { openLog, type ChecksumLog } from '../../../src/sumdb/log/log.js';
import { generateKey, parseSignerKey } from '../../../src/sumdb/format/note.js';
import { formatDataTile } from '../../../src/sumdb/format/record.js';
import { edgeTiles, readTileData, tilePath, type Tile } from '../../../src/sumdb/format/tile.js';
import { tileHashReader } from '../../../src/sumdb/format/tile-reader.js';
import { recordHash, storedHashIndex } from '../../../src/sumdb/format/tlog.js';
import { signTree } from '../../../src/sumdb/format/tree-head.js';
import { expectWholeLog, fill, logLab, problemOf, record, records, silent, type LogLab } from './log-lab.js';
import { memoryLog, type MemoryLog } from '../format/leaves.js';

let truth: MemoryLog;
beforeAll(async () => {
  truth = await memoryLog(records(0, 800));
});

async function expectLog(log: ChecksumLog, size: number): Promise<void> {
  await expectWholeLog(log, size, truth);
}

describe('a log', () => {
  it('begins empty, with a signed tree of nothing', async () => {
    const lab = await logLab();
    const log = lab.open();
    await expectLog(log, 0);
    expect(existsSync(lab.dir)).toBe(false);
    expect(log.find('ex.test/mod', 'v1.0.0')).toBeUndefined();
    await expect(log.record(0)).rejects.toMatchObject({ code: 'STORAGE' });
  });

  it('grows, and is the same after every restart', async () => {
    const lab = await logLab();
    let log = lab.open();
    let size = 0;
    for (const next of [1, 2, 3, 10, 255, 256, 257, 300, 512, 600, 770]) {
      await fill(log, size, next);
      size = next;
      await expectLog(log, size);
      log = lab.open();
      await expectLog(log, size);
    }
    expect((await readdir(join(lab.dir, 'commit'))).length).toBeLessThan(5);
    expect((await readdir(join(lab.dir, 'tile/8/data'))).sort()).toEqual(['000', '001', '002']);
  });

  it('has older, narrower tiles of a tree that has grown on', async () => {
    const lab = await logLab();
    const log = lab.open();
    await fill(log, 0, 600);
    const tile = (level: number, number: number, width: number): Tile => ({
      height: 8,
      level,
      number,
      width,
    });
    for (const asked of [tile(0, 0, 17), tile(0, 1, 255), tile(0, 2, 88), tile(0, 2, 1), tile(1, 0, 1)]) {
      expect(await log.tile(asked)).toEqual(await readTileData(asked, truth.read));
    }
    expect((await log.tile(tile(-1, 1, 3)))?.toString()).toBe(formatDataTile(records(256, 259)));
    for (const absent of [tile(0, 2, 89), tile(0, 3, 1), tile(1, 0, 3), tile(2, 0, 1), tile(-1, 2, 89)]) {
      expect(await log.tile(absent)).toBeUndefined();
    }
    expect(await log.tile({ height: 4, level: 0, number: 0, width: 1 })).toBeUndefined();
  });

  it('keeps the first record of a version', async () => {
    const log = (await logLab()).open();
    const numbers = await Promise.all(
      [record(0), record(1), record(0, 'other'), record(0)].map((text) => log.append(text)),
    );
    expect(numbers).toEqual([0, 1, 0, 0]);
    expect(await log.append(record(1, 'other'))).toBe(1);
    expect(log.size()).toBe(2);
    for (const no of ['', 'nothing\n', 'a v1 h1:x', 'a v1 h1:x\n\nb\n']) {
      await expect(log.append(no)).rejects.toThrow('malformed record');
    }
  });

  it('commits together what comes while a commit is being written', async () => {
    const lab = await logLab();
    const log = lab.open();
    await fill(log, 0, 200);
    // The first one alone, the others in the next one.
    expect(await readdir(join(lab.dir, 'commit'))).toEqual(['000000000000', '000000000001']);
  });

  it('proves its records to a client that reads tiles', async () => {
    const log = (await logLab()).open();
    await fill(log, 0, 700);
    const read = tileHashReader(log.head(), {
      height: 8,
      read: async (tile) => (await log.tile(tile)) ?? Promise.reject(new Error(tilePath(tile))),
      checked: () => undefined,
    });
    for (const number of [0, 255, 256, 511, 512, 699]) {
      expect(await read([storedHashIndex(0, number)])).toEqual([recordHash(Buffer.from(record(number)))]);
    }
    expect(edgeTiles(8, 700)).toHaveLength(2);
  });
});

describe('a damaged log', () => {
  let lab: LogLab;
  beforeAll(async () => {
    lab = await logLab();
    await fill(lab.open(), 0, 600);
  });

  async function filesOf(dir: string): Promise<string[]> {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  async function flip(file: string, at: number): Promise<void> {
    const bytes = await readFile(file);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);
  }

  it('is noticed: no file may be cut, or have a bit flipped, at any of many places', async () => {
    const copy = await lab.copy();
    expect(problemOf(copy)).toBe('none');
    const files = await filesOf(copy.dir);
    expect(files.length).toBeGreaterThan(4);
    const unnoticed: string[] = [];
    for (const file of files) {
      const bytes = await readFile(file);
      const places = [0, 1, bytes.length >> 2, bytes.length >> 1, bytes.length - 2, bytes.length - 1];
      for (const at of places) {
        await flip(file, at);
        if (!problemOf(copy).includes('is damaged')) unnoticed.push(`${file}: bit at ${at}`);
        await flip(file, at);
      }
      for (const length of [0, 1, bytes.length >> 1, bytes.length - 1]) {
        await truncate(file, length);
        if (!/is damaged|was rolled back/.test(problemOf(copy))) unnoticed.push(`${file}: cut at ${length}`);
        await writeFile(file, bytes);
      }
      await rename(file, `${file}.away`);
      if (!/is damaged|was rolled back/.test(problemOf(copy))) unnoticed.push(`${file}: removed`);
      await rename(`${file}.away`, file);
    }
    expect(unnoticed).toEqual([]);
    expect(problemOf(copy)).toBe('none');
  });

  it('is noticed where a record was exchanged and all hashes made to fit', async () => {
    const copy = await lab.copy();
    const forged = await memoryLog([record(0, 'evil'), ...records(1, 600)]);
    for (const number of [0, 1]) {
      const first = number * 256;
      const own = forged.records.slice(first, first + 256);
      await writeFile(join(copy.dir, `tile/8/data/00${number}`), formatDataTile(own));
      const tile = { height: 8, level: 0, number, width: 256 };
      await writeFile(join(copy.dir, tilePath(tile)), await readTileData(tile, forged.read));
    }
    expect(problemOf(copy)).toContain(
      'is damaged: its first 600 records are not those that were signed before',
    );
  });

  it('says what to do', () => {
    expect(() => openLog({ ...lab, witnessFile: `${lab.witnessFile}.none` }, lab.signer, silent)).toThrow(
      expect.objectContaining({
        code: 'STORAGE',
        message: expect.stringContaining('is missing') as string,
        remedy: expect.stringContaining('restore it') as string,
      }),
    );
  });

  it('of another key is refused', async () => {
    const copy = await lab.copy();
    const other = parseSignerKey(generateKey('sum.ex.test').signerKey);
    expect(() => openLog(copy, other, silent)).toThrow('the witness');
    await rm(copy.witnessFile);
    expect(() => openLog(copy, other, silent)).toThrow('is damaged');
  });
});

describe('a log that was put back to an older state', () => {
  it('is refused, however much older it is', async () => {
    const lab = await logLab();
    const log = lab.open();
    const states: string[] = [];
    for (const [from, to] of [
      [0, 1],
      [1, 256],
      [256, 300],
    ] as const) {
      await fill(log, from, to);
      const state = `${lab.dir}.${to}`;
      await cp(lab.dir, state, { recursive: true });
      states.push(state);
    }
    await fill(log, 300, 301);
    for (const state of states) {
      await rm(lab.dir, { recursive: true });
      await cp(state, lab.dir, { recursive: true });
      expect(() => lab.open()).toThrow(
        expect.objectContaining({
          code: 'STORAGE',
          message: `the checksum database in ${lab.dir} was rolled back`,
          reason: expect.stringMatching(/it has \d+ records, but 301 were signed/) as string,
        }),
      );
    }
    await rm(lab.dir, { recursive: true });
    expect(() => lab.open()).toThrow('was rolled back');
  });

  it('is refused when it has grown differently since', async () => {
    const lab = await logLab();
    const log = lab.open();
    await fill(log, 0, 5);
    const older = await lab.copy();
    await fill(log, 5, 6);
    await older.open().append(record(99));
    await older.open().append(record(98));
    await rm(lab.dir, { recursive: true });
    await cp(older.dir, lab.dir, { recursive: true });
    expect(problemOf(lab)).toContain('its first 6 records are not those that were signed before');
  });
});

describe('a crash', () => {
  /** A log of `size` records, one in each commit after the first. */
  async function grown(size: number): Promise<{ lab: LogLab; log: ChecksumLog }> {
    const lab = await logLab();
    const log = lab.open();
    await fill(log, 0, size - 2);
    await log.append(record(size - 2));
    await log.append(record(size - 1));
    return { lab, log };
  }

  it('before the commit leaves nothing but a temporary file', async () => {
    const { lab } = await grown(10);
    await writeFile(join(lab.dir, 'commit/.tmp-1-abcdef'), 'half a comm');
    await expectLog(lab.open(), 10);
  });

  it('before the witness leaves a commit that counts', async () => {
    const { lab } = await grown(10);
    const older = await readFile(lab.witnessFile);
    await lab.open().append(record(10));
    await writeFile(lab.witnessFile, older);
    const log = lab.open();
    await expectLog(log, 11);
    await log.append(record(11));
    await expectLog(lab.open(), 12);
  });

  it('at any step of sealing a tile leaves a whole log', async () => {
    const { lab } = await grown(256);
    const sealed = await readdir(join(lab.dir, 'tile/8'), { recursive: true });
    expect(sealed.sort()).toEqual(['0', '0/000', 'data', 'data/000']);
    // Nothing is sealed; then the hashes are; then the records; then some commits are gone.
    const before = await lab.copy();
    await rm(join(before.dir, 'tile'), { recursive: true });
    await expectLog(before.open(), 256);
    const hashes = await lab.copy();
    await rm(join(hashes.dir, 'tile/8/data'), { recursive: true });
    await expectLog(hashes.open(), 256);
    await hashes.open().append(record(256));
    await expectLog(hashes.open(), 257);
    await expectLog(lab.open(), 256);
    const [first = ''] = await readdir(join(lab.dir, 'commit'));
    await rm(join(lab.dir, 'commit', first));
    await expectLog(lab.open(), 256);
    await lab.open().append(record(256));
    await expectLog(lab.open(), 257);
    expect(await readdir(join(lab.dir, 'commit'))).toEqual(['000000000256']);
  });

  it('of the witness does not show a tree that was not witnessed', async () => {
    const { lab, log } = await grown(10);
    await rm(lab.witnessFile);
    await mkdir(lab.witnessFile);
    await expect(log.append(record(10))).rejects.toMatchObject({ code: 'STORAGE' });
    expect(log.size()).toBe(10);
    await rm(lab.witnessFile, { recursive: true });
    expect(await log.append(record(11))).toBe(11);
    await expectLog(lab.open(), 12);
  });
});

describe('two processes', () => {
  it('that append to one log make one history of all', async () => {
    const lab = await logLab();
    const [a, b] = [lab.open(), lab.open()];
    const done = await Promise.all([
      ...records(0, 300).map((text, i) => (i % 2 === 0 ? a : b).append(text)),
      ...records(0, 300).map((text, i) => (i % 3 === 0 ? a : b).append(text)),
    ]);
    const log = lab.open();
    expect(log.size()).toBe(300);
    for (let i = 0; i < 300; i += 1) {
      expect(done[i]).toBe(done[300 + i]);
      expect(await log.record(done[i] ?? NaN)).toBe(record(i));
    }
  });

  it('one of which slept cannot fork it, even where the commits are gone', async () => {
    const lab = await logLab();
    await fill(lab.open(), 0, 100);
    const sleeper = lab.open();
    const log = lab.open();
    await fill(log, 100, 256);
    await log.append(record(256));
    expect(await readdir(join(lab.dir, 'commit'))).toEqual(['000000000256']);
    expect(await sleeper.append(record(257))).toBe(257);
    expect(await sleeper.append(record(120))).toBe(120);
    await expectLog(sleeper, 258);
    await log.append(record(258));
    await expectLog(log, 259);
    await expectLog(lab.open(), 259);
  });

  it('one of which died between its commit and the look at it leave no doubt', async () => {
    const lab = await logLab();
    await fill(lab.open(), 0, 100);
    const log = lab.open();
    await fill(log, 100, 256);
    // What a process that had slept since record 100 would have left: signed, and void.
    const stray = await memoryLog([...records(0, 100), record(999)]);
    const { note } = signTree(await stray.tree(), lab.signer);
    const commit = Buffer.concat([Buffer.from(`100 1\n${formatDataTile([record(999)])}`), note]);
    await rm(join(lab.dir, 'commit/000000000100'), { force: true });
    expect(await createFile(join(lab.dir, 'commit/000000000100'), commit)).toBe(true);
    await expectLog(lab.open(), 256);
    await log.append(record(256));
    await expectLog(lab.open(), 257);
  });

  it('that share a folder notice when it may not be written', async () => {
    const lab = await logLab();
    const log = lab.open();
    await fill(log, 0, 2);
    if (process.getuid?.() === 0) return; // root may write everywhere
    await chmod(join(lab.dir, 'commit'), 0o500);
    await expect(log.append(record(2))).rejects.toMatchObject({ code: 'STORAGE' });
    await chmod(join(lab.dir, 'commit'), 0o700);
    expect(await log.append(record(2))).toBe(2);
  });
});
