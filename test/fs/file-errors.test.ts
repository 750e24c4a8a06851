import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { absentAsUndefined, hasCode } from '../../src/fs/file-errors.js';

function errorWith(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('hasCode', () => {
  it.each([
    [errorWith('ENOENT'), ['ENOENT'], true],
    [errorWith('ENOENT'), ['EEXIST', 'ENOENT'], true],
    [errorWith('EACCES'), ['ENOENT'], false],
    [new Error('no code'), ['ENOENT'], false],
    [{ code: 'ENOENT' }, ['ENOENT'], false],
    ['ENOENT', ['ENOENT'], false],
    [undefined, ['ENOENT'], false],
  ])('%o among %o: %s', (error, codes, expected) => {
    expect(hasCode(error, ...codes)).toBe(expected);
  });
});

describe('absentAsUndefined', () => {
  it('is undefined for a missing file, and for a path through a file', async () => {
    expect(await absentAsUndefined(readFile('/nonexistent/file'))).toBeUndefined();
    expect(await absentAsUndefined(readFile(`${import.meta.filename}/below`))).toBeUndefined();
  });

  it('hands on what was read, and every other failure', async () => {
    expect(await absentAsUndefined(Promise.resolve(''))).toBe('');
    await expect(absentAsUndefined(Promise.reject(errorWith('EACCES')))).rejects.toThrow('EACCES');
    await expect(absentAsUndefined(readFile(import.meta.dirname))).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
