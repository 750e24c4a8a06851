import { dirname, basename } from 'node:path';
import { expect, it } from 'vitest';
import { ownerState } from '../../src/fs/process-tag.js';
import { TEMPORARY, temporaryName } from '../../src/fs/temporary-name.js';

it('makes names of this process that differ', () => {
  const names = Array.from({ length: 100 }, () => temporaryName('/cache/download'));
  expect(new Set(names).size).toBe(100);
  for (const name of names) {
    expect([dirname(name), basename(name).startsWith(TEMPORARY)]).toEqual(['/cache/download', true]);
    expect(ownerState(basename(name))).not.toBe('dead');
  }
});
