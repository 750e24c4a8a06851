import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { generateKey } from '../../../src/sumdb/format/note.js';
import { logPlace, openOwnDatabase, type OwnDatabaseSettings } from '../../../src/sumdb/log/own-database.js';
import { tempDir } from '../../support/tmp.js';
import { NAME, record } from './log-lab.js';

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
