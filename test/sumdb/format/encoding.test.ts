import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeUtf8, malformed, parseCount } from '../../../src/sumdb/format/encoding.js';

describe('decodeBase64', () => {
  it('reads what was written', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const buffer = Buffer.from(bytes);
        expect(decodeBase64(buffer.toString('base64'))).toEqual(buffer);
      }),
    );
  });

  it.each(['A', 'AA', 'AAA', 'AA=', 'A===', 'AAAA=', 'AAAA==', 'AA-_', 'AA A', 'AAAA\n', '====', 'AA==AAAA'])(
    'does not guess at %j',
    (text) => {
      expect(decodeBase64(text)).toBeUndefined();
    },
  );
});

describe('decodeUtf8', () => {
  it('keeps a byte-order mark, which is signed as well', () => {
    expect(decodeUtf8(Buffer.from('\uFEFFa'))).toBe('\uFEFFa');
    expect(decodeUtf8(Buffer.alloc(0))).toBe('');
  });

  it.each(['ff', 'c0af', 'eda080', 'e282'])('is nothing for the bytes %s', (hex) => {
    expect(decodeUtf8(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});

describe('parseCount', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['281474976710656', 2 ** 48],
    ['281474976710657', undefined],
    ['9'.repeat(16), undefined],
    ['9'.repeat(400), undefined],
    ['', undefined],
    ['00', undefined],
    ['07', undefined],
    ['-1', undefined],
    ['+1', undefined],
    ['1e3', undefined],
    ['1.0', undefined],
    [' 1', undefined],
    ['1\n', undefined],
    ['١', undefined],
  ])('of %j is %j', (text, count) => {
    expect(parseCount(text)).toBe(count);
  });
});

it('malformed says what', () => {
  expect(malformed('note')).toMatchObject({ code: 'CHECKSUM_DATABASE', message: 'malformed note' });
});
