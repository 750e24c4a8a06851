import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareMoments, formatMoment, momentOf, parseMoment } from '../../src/catalog/moment.js';

describe('parseMoment', () => {
  it.each([
    ['2026-01-02T03:04:05Z', { us: 1_767_323_045_000_000, ns: 0 }],
    ['2026-01-02T03:04:05.123456789Z', { us: 1_767_323_045_123_456, ns: 789 }],
    ['2026-01-02T03:04:05.5Z', { us: 1_767_323_045_500_000, ns: 0 }],
    ['2026-01-02T05:04:05+02:00', { us: 1_767_323_045_000_000, ns: 0 }],
    ['2026-01-02t03:04:05z', { us: 1_767_323_045_000_000, ns: 0 }],
  ])('reads %s', (text, moment) => {
    expect(parseMoment(text)).toEqual(moment);
  });

  it.each([
    ...['', 'yesterday', '2026-01-02', '2026-01-02T03:04:05', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z'],
    ...['2026-01-02T24:00:00Z', '2026-01-02T03:60:05Z', '2026-01-02T03:04:05.Z', '1767323045'],
    ...['2026-01-02 03:04:05Z', '2026-01-02T03:04:05+2:00', ' 2026-01-02T03:04:05Z'],
  ])('refuses %j', (text) => {
    expect(parseMoment(text)).toBeUndefined();
  });

  it('reads back what formatMoment writes', () => {
    const us = fc.integer({ min: 0, max: 4_000_000_000_000_000 });
    fc.assert(
      fc.property(us, fc.integer({ min: 0, max: 999 }), (whole, ns) => {
        expect(parseMoment(formatMoment({ us: whole, ns }))).toEqual({ us: whole, ns });
      }),
    );
  });
});

describe('momentOf', () => {
  it('keeps the time, to the microsecond where the file system knows it', () => {
    expect(momentOf(1_700_000_000_123.456, 'a@v1.0.0').us).toBe(1_700_000_000_123_456);
  });

  it('tells versions apart that a restored tree has at the same second, the same way each time', () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `example.com/m${i}@v1.0.0`);
    const moments = names.map((name) => momentOf(1_700_000_000_000, name));
    expect(new Set(moments.map(formatMoment)).size).toBe(1_000);
    expect(moments.every(({ us }) => Math.floor(us / 1_000_000) === 1_700_000_000)).toBe(true);
    expect(momentOf(1_700_000_000_000, names[7] ?? '')).toEqual(moments[7]);
  });
});

it('compares to the nanosecond', () => {
  expect(compareMoments({ us: 1, ns: 2 }, { us: 1, ns: 3 })).toBeLessThan(0);
  expect(compareMoments({ us: 2, ns: 0 }, { us: 1, ns: 999 })).toBeGreaterThan(0);
  expect(compareMoments({ us: 1, ns: 2 }, { us: 1, ns: 2 })).toBe(0);
});
