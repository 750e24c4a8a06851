import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { Duration, File, OneLine, Size, Text, Timeout, readAs } from '../../src/config/schema-values.js';

/** What `schema` makes of `input`, or what it says of it. */
function read(schema: z.ZodType, input: unknown): unknown {
  const result = schema.safeParse(input);
  return result.success ? result.data : result.error.issues.map(({ message }) => message).join('; ');
}

const DURATION = 'must be a duration such as 500ms, 30s, 2m or 1h30m';
const SIZE = 'must be a size such as 50GiB, 500MB or 1048576';

describe('Duration and Timeout', () => {
  it.each([
    ['30s', 30_000],
    [' 2m ', 120_000],
    ['0s', 0],
    ['30d', 2_592_000_000],
    ['100001d', 'must be at most 100000d'],
    ['soon', DURATION],
    ['', DURATION],
    [true, DURATION],
    [null, DURATION],
    [['30s'], DURATION],
  ])('a duration written as %j is %j', (input, expected) => {
    expect(read(Duration, input)).toBe(expected);
  });

  it('a timeout is longer than 0', () => {
    expect(read(Timeout, '1ms')).toBe(1);
    expect(read(Timeout, '0s')).toBe('must be longer than 0');
    expect(read(Timeout, 'soon')).toBe(DURATION);
  });

  it('a timeout is no longer than a timer waits', () => {
    expect(read(Timeout, '24d')).toBe(2_073_600_000);
    expect(read(Timeout, '25d')).toBe('must be at most 24d');
  });
});

describe('Size', () => {
  it.each([
    ['1KiB', 1024],
    [1_048_576, 1_048_576],
    ['0', 0],
    ['-1', SIZE],
    [-1, SIZE],
    ['much', SIZE],
    [{}, SIZE],
  ])('a size written as %j is %j', (input, expected) => {
    expect(read(Size, input)).toBe(expected);
  });
});

describe('Text, File and OneLine', () => {
  it.each(['a\0b', 'a\nb', '\u007f'])('a file is not called %j', (name) => {
    expect(read(File, name)).toBe('must be the path of a file, without control characters');
    expect(read(Text, name)).toBe(name);
  });

  it('are not empty', () => {
    for (const schema of [Text, File, OneLine]) {
      expect(schema.safeParse('').success).toBe(false);
      expect(read(schema, 'a b')).toBe('a b');
    }
  });

  it.each(['a\n', 'a\rb', 'a\0', '\u0085'])(
    'a value that is sent to a host is one line, unlike %j',
    (text) => {
      expect(read(OneLine, text)).toBe('must be one line of text');
      expect(read(Text, text)).toBe(text);
    },
  );
});

describe('readAs', () => {
  const Even = readAs((text) => (Number(text) % 2 === 0 ? Number(text) : undefined), 'an even number');

  it('hands the trimmed text of a string or a number to the reader', () => {
    expect(read(Even, ' 4\n')).toBe(4);
    expect(read(Even, 4)).toBe(4);
  });

  it('takes a falsy value for a value', () => {
    expect(read(Even, 0)).toBe(0);
  });

  it.each([3, '3', 'x', false, undefined])('says what %j should be', (input) => {
    expect(read(Even, input)).toBe('must be an even number');
  });
});
