import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskReason, isDiskFailure } from '../../src/fs/disk-words.js';
import { tempDir } from '../support/tmp.js';

const failure = (code: string, more: object = {}) =>
  Object.assign(new Error(`${code}: words of the system`), { code, ...more });

it('is a failure of the disk by what the operating system said, and no other', () => {
  expect(isDiskFailure(failure('ENOSPC', { syscall: 'write' }))).toBe(true);
  expect(isDiskFailure(failure('EROFS', { syscall: 'mkdir' }))).toBe(true);
  expect(isDiskFailure(failure('ENOSPC'))).toBe(false);
  expect(isDiskFailure(failure('EACCES', { syscall: 'connect' }))).toBe(false);
  expect(isDiskFailure(failure('ENOENT', { syscall: 'open' }))).toBe(false);
  expect(isDiskFailure('ENOSPC')).toBe(false);
});

describe('diskReason', () => {
  it.each([
    ['ENOSPC', 'the disk is full (ENOSPC: words of the system)'],
    ['EROFS', 'the disk is read-only (EROFS: words of the system)'],
    ['EXDEV', 'EXDEV: words of the system'],
  ])('of %s is in words', (code, words) => {
    expect(diskReason(failure(code))).toBe(words);
  });

  it('of a folder that cannot be made says what the system says', async () => {
    const dir = await tempDir('words');
    writeFileSync(join(dir, 'file'), '');
    const error: unknown = await mkdir(join(dir, 'file/below'), { recursive: true }).catch(
      (reason: unknown) => reason,
    );
    expect(diskReason(error)).toContain('ENOTDIR');
    expect(diskReason(failure('ENOENT', { syscall: 'mkdir', path: join(dir, 'a/b/c') }))).toContain('ENOENT');
    expect(diskReason('text')).toBe('text');
  });
});
