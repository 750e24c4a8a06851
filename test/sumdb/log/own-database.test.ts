import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DiskWatch, watchDisk } from '../../../src/fs/disk-watch.js';
import { generateKey } from '../../../src/sumdb/format/note.js';
import { logPlace, openOwnDatabase, type OwnDatabaseSettings } from '../../../src/sumdb/log/own-database.js';
import { tempDir } from '../../support/tmp.js';
import { NAME, record } from './log-lab.js';

const TIMES = { tick: 5, suspect: 10, hangs: 40, rest: 10, fresh: 20 };
const REFUSED = { code: 'STORAGE', reason: expect.stringContaining('does not answer') as string };

const logger = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
let dir: string;
let settings: OwnDatabaseSettings;
beforeEach(async () => {
  vi.clearAllMocks();
  dir = await tempDir('own');
  settings = { name: NAME, keyFile: join(dir, 'key'), witnessFile: join(dir, 'key.witness') };
  await writeFile(settings.keyFile, generateKey(NAME).signerKey, { mode: 0o600 });
});

const difference = (version: string, part: 'zip' | 'mod' = 'zip') => ({
  module: 'ex.test/mod',
  version,
  part,
  recorded: 'h1:a',
  found: 'h1:b',
});

describe('openOwnDatabase', () => {
  it('is opened when it is needed: a bad key is told then', () => {
    const database = openOwnDatabase(dir, { ...settings, keyFile: join(dir, 'none') }, logger);
    expect(database.name).toBe(NAME);
    expect(() => database.open()).toThrow(expect.objectContaining({ code: 'CONFIG' }) as Error);
  });

  it('says what is recorded of a version', async () => {
    const database = openOwnDatabase(dir, settings, logger);
    expect(await database.recorded('ex.test/mod', 'v1.0.0')).toBeUndefined();
    await (await database.log()).append(record(0));
    expect(await database.recorded('ex.test/mod', 'v1.0.0')).toEqual({
      zip: expect.stringMatching(/^h1:/) as string,
      mod: expect.stringMatching(/^h1:/) as string,
    });
    expect(await database.recorded('ex.test/mod', 'v1.0.1')).toBeUndefined();
    expect(await database.log()).toBe(await database.log());
  });

  it('keeps its log below the cache directory, by its name', async () => {
    const database = openOwnDatabase(dir, settings, logger);
    await (await database.log()).append(record(0));
    expect((await database.log()).dir).toBe(logPlace(dir, settings).dir);
    expect(logPlace(dir, settings).dir.startsWith(dir)).toBe(true);
    expect(logPlace(dir, settings).dir.endsWith(`/${NAME}`)).toBe(true);
  });

  it('answers out of memory on a disk that hangs, and refuses the rest in words until it answers', async () => {
    let isHung = false;
    let release: () => void = () => undefined;
    const answer = () => (isHung ? new Promise<void>((resolve) => (release = resolve)) : Promise.resolve());
    const disk = new DiskWatch(dir, undefined, TIMES, { touch: answer, write: answer });
    watchDisk(disk);
    onTestFinished(() => watchDisk(new DiskWatch('/nonexistent')));
    const log = await openOwnDatabase(dir, settings, logger, { disk }).log();
    await Promise.all(Array.from({ length: 257 }, (_, number) => log.append(record(number))));

    isHung = true;
    await expect(disk.run(() => new Promise(() => undefined))).rejects.toMatchObject(REFUSED);
    const { number, width } = { number: 1, width: 1 };
    expect([log.size(), log.find('ex.test/mod', 'v1.0.3')]).toEqual([257, 3]);
    await log.refresh({ misses: true });
    expect(await log.record(256)).toBe(record(256));
    expect(await log.tile({ height: 8, level: 0, number, width })).toHaveLength(32);
    const refused = [log.record(3), log.tile({ height: 8, level: 0, number: 0, width: 256 })];
    for (const each of [...refused, log.append(record(257))]) {
      await expect(each).rejects.toMatchObject(REFUSED);
    }

    isHung = false;
    release();
    await expect.poll(() => disk.hangs, { interval: 1, timeout: 60_000 }).toBeUndefined();
    expect([await log.record(3), await log.append(record(257))]).toEqual([record(3), 257]);
  });

  it('tells of what was refused, newest first, each once', () => {
    const database = openOwnDatabase(dir, settings, logger);
    database.open();
    for (const each of [
      difference('v1.0.0'),
      difference('v1.0.1'),
      difference('v1.0.0', 'mod'),
      difference('v1.0.0'),
    ]) {
      database.alarm(each);
    }
    expect(database.status()).toEqual({
      name: NAME,
      records: 0,
      refused: [difference('v1.0.0'), difference('v1.0.0', 'mod'), difference('v1.0.1')],
    });
    expect(logger.error).toHaveBeenCalledWith(difference('v1.0.1'), expect.stringMatching(/^SECURITY: /));
  });

  it('remembers a hundred of them', () => {
    const database = openOwnDatabase(dir, settings, logger);
    for (let i = 0; i < 150; i += 1) database.alarm(difference(`v1.0.${i}`));
    const { refused } = database.status();
    expect([refused.length, refused[0]?.version]).toEqual([100, 'v1.0.149']);
  });
});
