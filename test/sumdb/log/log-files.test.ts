import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tilePath, type Tile } from '../../../src/sumdb/format/tile.js';
import { damaged, dataTile, logFiles, type LogFiles } from '../../../src/sumdb/log/log-files.js';
import { tempDir } from '../../support/tmp.js';
import { record } from './log-lab.js';

let dir: string;
let files: LogFiles;
beforeEach(async () => {
  dir = join(await tempDir('log-files'), 'log');
  files = logFiles(dir);
});

const NOTE = Buffer.from('a note\n\n— sig\n');
const HASHES: Tile = { height: 8, level: 0, number: 1, width: 256 };
const commit = (start: number, ...records: string[]) => ({ start, records, note: NOTE });
const commitFile = (start: number) => join(dir, 'commit', String(start).padStart(12, '0'));

describe('tiles', () => {
  it('are there once they are made', async () => {
    expect(await files.readTile(HASHES)).toBeUndefined();
    expect(files.readTileSync(HASHES)).toBeUndefined();
    await files.createTile(HASHES, Buffer.from('x'));
    expect(await files.readTile(HASHES)).toEqual(Buffer.from('x'));
    expect(files.readTileSync(HASHES)).toEqual(Buffer.from('x'));
    expect(await readFile(join(dir, 'tile/8/0/001'), 'utf8')).toBe('x');
  });

  it('are never changed', async () => {
    await files.createTile(HASHES, Buffer.from('x'));
    await files.createTile(HASHES, Buffer.from('x'));
    await expect(files.createTile(HASHES, Buffer.from('y'))).rejects.toMatchObject({
      code: 'STORAGE',
      reason: `${tilePath(HASHES)} is not what follows from the records`,
    });
    expect(files.readTileSync(HASHES)).toEqual(Buffer.from('x'));
  });

  it('of records seal them', async () => {
    expect(files.isSealed(1)).toBe(false);
    await files.createTile(dataTile(1), Buffer.from('x'));
    expect([files.isSealed(0), files.isSealed(1)]).toEqual([false, true]);
  });

  it('that cannot be read are not taken for none', async () => {
    await mkdir(join(dir, 'tile/8/0/001'), { recursive: true });
    const storage = expect.objectContaining({ code: 'STORAGE' }) as Error;
    await expect(files.readTile(HASHES)).rejects.toEqual(storage);
    expect(() => files.readTileSync(HASHES)).toThrow(storage);
  });
});

describe('commits', () => {
  it('are read as they were written', async () => {
    const two = commit(7, record(7), record(8));
    expect(await files.createCommit(two)).toBe(true);
    expect(files.readCommit(7)).toEqual(two);
    expect(files.readCommit(8)).toBeUndefined();
  });

  it('of one place are made once', async () => {
    const made = await Promise.all([1, 2, 3].map((number) => files.createCommit(commit(0, record(number)))));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(files.readCommit(0)?.records).toHaveLength(1);
  });

  it('are listed by number, and nothing else in their folder is', async () => {
    expect(files.commitStarts()).toEqual([]);
    for (const start of [256, 3, 1_000_000_000_000, 20]) await files.createCommit(commit(start, record(1)));
    for (const name of ['12', '.tmp-000000000001', '00000000000x', '000000000001~']) {
      await writeFile(join(dir, 'commit', name), '');
    }
    expect(files.commitStarts()).toEqual([3, 20, 256, 1_000_000_000_000]);
  });

  it('may be removed twice', async () => {
    await files.createCommit(commit(0, record(1)));
    await files.removeCommit(0);
    await files.removeCommit(0);
    expect(files.commitStarts()).toEqual([]);
  });

  it('that were damaged are told with their file', async () => {
    await files.createCommit(commit(0, record(0), record(1)));
    const whole = await readFile(commitFile(0), 'utf8');
    const bad = ['', '0', '0 2\n', 'x 2\n', whole.replace('0 2', '0 02'), whole.slice(0, 60)];
    for (const content of bad) {
      await writeFile(commitFile(0), content);
      expect(() => files.readCommit(0), JSON.stringify(content)).toThrow(
        expect.objectContaining({
          code: 'STORAGE',
          reason: expect.stringContaining(commitFile(0)) as string,
        }) as Error,
      );
    }
    await writeFile(commitFile(0), whole.replace('0 2', '5 2'));
    expect(() => files.readCommit(0)).toThrow(
      expect.objectContaining({ reason: `${commitFile(0)} is another commit` }) as Error,
    );
  });
});

it('damaged names the folder and what to do', () => {
  expect(damaged('/d', 'why')).toMatchObject({
    code: 'STORAGE',
    message: 'the checksum database in /d is damaged',
    reason: 'why',
    remedy: expect.stringContaining('docs/checksum-database.md') as string,
  });
});
