import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeIndex, lists } from '../../../src/vcs/objects/pack-index.js';
import type { PackedObject } from '../../../src/vcs/objects/small-pack.js';

const hashes = (digits: number) =>
  fc.uniqueArray(
    fc
      .uint8Array({ minLength: digits / 2, maxLength: digits / 2 })
      .map((bytes) => Buffer.from(bytes).toString('hex')),
    { maxLength: 60 },
  );
const packed = (hash: string, n = 0) =>
  ({
    hash,
    type: 'blob',
    content: Buffer.alloc(0),
    crc: 1_000 + n,
    offset: 12 + n,
  }) as unknown as PackedObject;
const sum = (bytes: number) => Buffer.alloc(bytes, 0xab);

describe('lists', () => {
  it.each([
    ['sha1', 40],
    ['sha256', 64],
  ] as const)('finds what a %s index was made of, and nothing else', (format, digits) => {
    fc.assert(
      fc.property(hashes(digits), hashes(digits), (there, others) => {
        const index = encodeIndex(
          there.map((hash) => packed(hash)),
          sum(digits / 2),
          format,
        );
        for (const hash of there) expect(lists(index, hash)).toBe(true);
        for (const hash of others) expect(lists(index, hash)).toBe(there.includes(hash));
      }),
      { numRuns: 50 },
    );
  });

  it('says nothing of what is not an index of version 2, or cut off', () => {
    const index = encodeIndex([packed('0'.repeat(40)), packed('f'.repeat(40))], sum(20), 'sha1');
    const old = Buffer.from(index);
    old.writeUInt32BE(1, 4);
    expect(lists(old, '0'.repeat(40))).toBeUndefined();
    for (const length of [0, 7, 8, 1000, 8 + 1024 + 39]) {
      expect(lists(index.subarray(0, length), '0'.repeat(40))).toBeUndefined();
    }
    expect(lists(Buffer.from('PACK'.repeat(400)), '0'.repeat(40))).toBeUndefined();
  });
});

it('writes names in order, checksums, places and both sums', () => {
  const [a, b] = ['11'.repeat(20), '22'.repeat(20)];
  const index = encodeIndex([packed(b, 2), packed(a, 1)], sum(20), 'sha1');
  expect(index.subarray(0, 8).toString('hex')).toBe('ff744f6300000002');
  const fanOut = (byte: number) => index.readUInt32BE(8 + 4 * byte);
  expect([0x10, 0x11, 0x21, 0x22, 0xff].map(fanOut)).toEqual([0, 1, 1, 2, 2]);
  const rest = index.subarray(8 + 1024);
  expect(rest.subarray(0, 40).toString('hex')).toBe(a + b);
  expect([40, 44, 48, 52].map((at) => rest.readUInt32BE(at))).toEqual([1_001, 1_002, 13, 14]);
  expect(rest.subarray(56, 76)).toEqual(sum(20));
  expect(rest.subarray(76)).toEqual(createHash('sha1').update(index.subarray(0, -20)).digest());
});
