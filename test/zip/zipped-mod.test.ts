import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { goModIn, isZippedMod } from '../../src/zip/zipped-mod.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('isZippedMod', () => {
  it('is the same file, but for line ends', () => {
    const unix = Buffer.from('module m\n\ngo 1.22\n');
    const windows = Buffer.from('module m\r\n\r\ngo 1.22\r\n');
    for (const mod of [unix, windows]) {
      for (const zipped of [unix, windows]) expect(isZippedMod(mod, sha256(zipped.toString()))).toBe(true);
      expect(isZippedMod(mod, sha256('module other\n'))).toBe(false);
    }
  });
});

describe('goModIn', () => {
  it('is the one at the root of the module', () => {
    const version = { module: 'ex.test/m', version: 'v1.0.0' };
    const files = [
      { name: 'ex.test/m@v1.0.0/sub/go.mod', sha256: 'a' },
      { name: 'ex.test/m@v1.0.0/go.mod', sha256: 'b' },
    ];
    expect(goModIn(files, version)).toBe('b');
    expect(goModIn(files.slice(0, 1), version)).toBeUndefined();
  });
});
