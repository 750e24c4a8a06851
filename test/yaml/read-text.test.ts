import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_FILE_BYTES } from '../../src/yaml/limits.js';
import { readConfigText } from '../../src/yaml/read-text.js';
import { tempDir } from '../support/tmp.js';

const WORDS = { what: 'the test file', remedy: 'do this' };
let dir: string;
beforeAll(async () => {
  dir = await tempDir('read-text');
});

const read = (name: string) => readConfigText(join(dir, name), WORDS);

function problemOf(name: string): { code: string; message: string; reason: string; remedy: string } {
  try {
    read(name);
  } catch (error) {
    return error as ReturnType<typeof problemOf>;
  }
  throw new Error('nothing was thrown');
}

describe('readConfigText', () => {
  it('reads a whole file as UTF-8', async () => {
    await writeFile(join(dir, 'text'), 'ü: €\n');
    await writeFile(join(dir, 'empty'), '');
    expect(read('text')).toBe('ü: €\n');
    expect(read('empty')).toBe('');
  });

  it('reads as much as a file may hold, and no byte more', async () => {
    await writeFile(join(dir, 'most'), Buffer.alloc(MAX_FILE_BYTES, 'x'));
    await writeFile(join(dir, 'more'), Buffer.alloc(MAX_FILE_BYTES + 1, 'x'));
    expect(read('most')).toHaveLength(MAX_FILE_BYTES);
    expect(problemOf('more')).toMatchObject({
      code: 'CONFIG',
      message: `${join(dir, 'more')}: the test file is larger than 2 MiB`,
      reason: 'no configuration file may be larger',
    });
  });

  it('says why a file cannot be read, and what its reader can do', () => {
    const problem = problemOf('missing');
    expect(problem).toMatchObject({
      code: 'CONFIG',
      message: `${join(dir, 'missing')}: the test file cannot be read`,
      remedy: 'do this',
    });
    expect(problem.reason).toContain('ENOENT');
  });

  it('reads no folder', async () => {
    await mkdir(join(dir, 'folder'));
    expect(problemOf('folder').reason).toBe(`it is not a regular file: ${join(dir, 'folder')}`);
  });

  it('reads no device, which may be endless', () => {
    expect(() => readConfigText('/dev/zero', WORDS)).toThrow(
      expect.objectContaining({ reason: 'it is not a regular file: /dev/zero' }) as Error,
    );
  });

  it.runIf(process.platform === 'linux')('reads what a shell passes as a file descriptor', async () => {
    await writeFile(join(dir, 'passed'), '');
    const handle = openSync(join(dir, 'passed'), constants.O_RDWR);
    try {
      writeSync(handle, 'from the shell');
      expect(readConfigText(`/dev/fd/${handle}`, WORDS)).toBe('from the shell');
      expect(readConfigText(`/proc/self/fd/${handle}`, WORDS)).toBe('from the shell');
    } finally {
      closeSync(handle);
    }
  });
});
