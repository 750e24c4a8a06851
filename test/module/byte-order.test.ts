import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareBytes } from '../../src/module/byte-order.js';

describe('compareBytes', () => {
  it.each([
    { name: 'equal', a: 'a', b: 'a', order: 0 },
    { name: 'a prefix first', a: 'a', b: 'ab', order: -1 },
    { name: 'upper case before lower case', a: 'Z', b: 'a', order: -1 },
    { name: 'ASCII before everything else', a: 'z', b: 'é', order: -1 },
    { name: 'a surrogate pair after the end of the basic plane', a: '\u{10000}', b: '\uffee', order: 1 },
    { name: 'a surrogate pair after a CJK character', a: '\u{20000}', b: '中', order: 1 },
    { name: 'two surrogate pairs', a: '\u{1f600}', b: '\u{1f601}', order: -1 },
  ])('sorts $name', ({ a, b, order }) => {
    expect(Math.sign(compareBytes(a, b))).toBe(order);
    expect(Math.sign(compareBytes(b, a))).toBe(order === 0 ? 0 : -order);
  });

  it('agrees with the order of the encoded bytes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 5 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
