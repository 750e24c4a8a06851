import { describe, expect, it } from 'vitest';
import { FileHashes, ExpectedFiles } from '../../../src/modfetch/zip/archive-order.js';
import { hash1 } from '../../../src/module/files/dirhash.js';

describe('WantedFiles', () => {
  it.each([
    ['in order', ['a', 'a.go', 'b/c'], true],
    ['out of order', ['b', 'a'], false],
  ])('takes each once, and tells what did not come: %s', (_, paths, isOrdered) => {
    const wanted = new ExpectedFiles();
    for (const path of paths) wanted.add(path);
    expect(wanted.isOrdered).toBe(isOrdered);
    expect(wanted.take('other')).toBe(false);
    for (const path of paths.slice(0, -1)) {
      expect([wanted.take(path), wanted.take(path)]).toEqual([true, false]);
    }
    expect(wanted.lost()).toBe(paths.at(-1));
    expect(wanted.take(paths.at(-1) ?? '')).toBe(true);
    expect(wanted.lost()).toBeUndefined();
  });
});

describe('FileHashes', () => {
  const files = ['A', 'M', 'z/\u{10000}'].map((path, i) => ({ path, sha256: String(i).repeat(64) }));
  const license = { path: 'LICENSE', sha256: 'f'.repeat(64) };
  const expected = hash1([...files, license].map(({ path, sha256 }) => ({ name: `m@v1/${path}`, sha256 })));

  it.each([
    [true, files],
    [false, [...files].reverse()],
  ])('is the sum of all in whatever order, with one from elsewhere: ordered %s', (isOrdered, order) => {
    const hashes = new FileHashes('m@v1', isOrdered);
    hashes.expect(license);
    for (const file of order) hashes.add(file);
    expect(hashes.sum()).toBe(expected);
  });

  it('adds what is expected behind all others', () => {
    const hashes = new FileHashes('m@v1', true);
    hashes.expect(license);
    hashes.add({ path: 'A', sha256: '0'.repeat(64) });
    const both = [{ path: 'A', sha256: '0'.repeat(64) }, license];
    expect(hashes.sum()).toBe(hash1(both.map(({ path, sha256 }) => ({ name: `m@v1/${path}`, sha256 }))));
  });
});
