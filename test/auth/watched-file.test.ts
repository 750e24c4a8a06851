import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { WatchedFile } from '../../src/auth/watched-file.js';
import { ModhavenError } from '../../src/errors.js';
import { tempDir } from '../support/tmp.js';

let file: string;
let parsed: string[];
const log = { error: vi.fn(), info: vi.fn() };

beforeEach(async () => {
  file = join(await tempDir('watched'), 'tokens');
  parsed = [];
  vi.clearAllMocks();
});

function parse(text: string, name: string): string {
  parsed.push(text);
  if (text === 'bad') throw new ModhavenError('CONFIG', `${name}:1:1: bad`);
  if (text === 'bug') throw new TypeError('a fault of the program');
  return text.toUpperCase();
}

const open = () => new WatchedFile(file, parse, log);

describe('WatchedFile', () => {
  it('takes a new content, and says so in the log', async () => {
    await writeFile(file, 'one');
    const watched = open();
    expect([watched.file, watched.value, watched.error]).toEqual([file, 'ONE', undefined]);
    await writeFile(file, 'two');
    expect(watched.value).toBe('ONE');
    expect(watched.reload()).toBe(true);
    expect(watched.value).toBe('TWO');
    expect(log.info.mock.calls).toEqual([[{ file }, 'file read again']]);
  });

  it('does not parse an unchanged content again', async () => {
    await writeFile(file, 'one');
    const watched = open();
    expect(watched.reload()).toBe(false);
    expect(parsed).toEqual(['one']);
    expect(log.info).not.toHaveBeenCalled();
  });

  it('keeps the last good content while the file is bad, and forgets the error when it is put back', async () => {
    await writeFile(file, 'one');
    const watched = open();
    await writeFile(file, 'bad');
    expect(watched.reload()).toBe(false);
    expect(watched.value).toBe('ONE');
    expect(watched.error?.message).toBe(`${file}:1:1: bad`);
    expect(log.error.mock.calls).toEqual([
      [{ file, error: `${file}:1:1: bad` }, expect.stringContaining('its last good content stays')],
    ]);
    await writeFile(file, 'one');
    expect(watched.reload()).toBe(false);
    expect(watched.error).toBeUndefined();
  });

  it('keeps the last good content while the file is missing', async () => {
    await writeFile(file, 'one');
    const watched = open();
    await rm(file);
    expect(watched.reload()).toBe(false);
    expect(watched.value).toBe('ONE');
    expect(watched.error).toMatchObject({ code: 'CONFIG', message: `cannot read ${file}` });
  });

  it('cannot be made of a file that is missing or bad', async () => {
    expect(open).toThrow(
      expect.objectContaining({
        code: 'CONFIG',
        message: `cannot read ${file}`,
        reason: expect.stringContaining('ENOENT') as string,
      }) as Error,
    );
    await writeFile(file, 'bad');
    expect(open).toThrow(`${file}:1:1: bad`);
  });

  it('tells a fault of the program as one, and keeps what it had', async () => {
    await writeFile(file, 'one');
    const watched = open();
    const before = watched.value;
    await writeFile(file, 'bug');
    expect([watched.reload(), watched.value]).toEqual([false, before]);
    expect(watched.error).toMatchObject({ code: 'CONFIG', cause: expect.any(TypeError) as TypeError });
  });
});
