import { describe, expect, it } from 'vitest';
import { parseDuration, parseSize } from '../../src/config/units.js';

describe('parseDuration', () => {
  it.each([
    { text: '0', ms: 0 },
    { text: '500ms', ms: 500 },
    { text: '30s', ms: 30_000 },
    { text: '2m', ms: 120_000 },
    { text: '1h30m', ms: 5_400_000 },
    { text: '1d', ms: 86_400_000 },
    { text: '30', ms: undefined },
    { text: '', ms: undefined },
    { text: '-1s', ms: undefined },
    { text: '1.5h', ms: undefined },
    { text: '1s ', ms: undefined },
    { text: '10 s', ms: undefined },
    { text: 'soon', ms: undefined },
    { text: '25d', ms: 2_160_000_000 },
  ])('$text is $ms', ({ text, ms }) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('parseSize', () => {
  it.each([
    { text: '50GiB', bytes: 53_687_091_200 },
    { text: '10MB', bytes: 10_000_000 },
    { text: '1.5 KiB', bytes: 1536 },
    { text: '1048576', bytes: 1_048_576 },
    { text: '7b', bytes: 7 },
    { text: '0', bytes: 0 },
    { text: '', bytes: undefined },
    { text: '-1', bytes: undefined },
    { text: '10 apples', bytes: undefined },
    { text: '99999999TiB', bytes: undefined },
  ])('$text is $bytes', ({ text, bytes }) => {
    expect(parseSize(text)).toBe(bytes);
  });
});
