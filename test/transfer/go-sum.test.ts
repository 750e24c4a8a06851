import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isModhavenError } from '../../src/errors.js';
import { parseGoSum } from '../../src/transfer/go-sum.js';

describe('parseGoSum', () => {
  it('reads hashes of zips and of go.mod files, with their lines, whatever the space between', () => {
    const text =
      'example.com/a v1.0.0 h1:zip=\n\nexample.com/a\tv1.0.0/go.mod   h1:mod=\r\nb.org/B/v2 v2.0.0+incompatible h2:new=';
    expect(parseGoSum(text, 'go.sum')).toEqual([
      { module: 'example.com/a', version: 'v1.0.0', kind: 'zip', hash: 'h1:zip=', line: 1 },
      { module: 'example.com/a', version: 'v1.0.0', kind: 'mod', hash: 'h1:mod=', line: 3 },
      { module: 'b.org/B/v2', version: 'v2.0.0+incompatible', kind: 'zip', hash: 'h2:new=', line: 4 },
    ]);
  });

  it('skips the hash that old go commands wrote for a missing go.mod', () => {
    const line = 'example.com/a v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n';
    expect(parseGoSum(line, 'go.sum')).toEqual([]);
  });

  it.each([
    { text: 'example.com/a v1.0.0\n', says: 'x.sum:1:1: a line of go.sum has three fields' },
    { text: '\n  example.com/a main h1:x=\n', says: 'x.sum:2:17: "main" is not a canonical version' },
    { text: 'Example.com/../a v1.0.0 h1:x=\n', says: 'x.sum:1:1: ' },
    { text: '  foo v1.0.0 h1:a=\n', says: 'x.sum:1:3: malformed module path "foo": missing dot' },
    {
      text: '<<<<<<< HEAD\n',
      says: 'x.sum:1:1: a line of go.sum has three fields (module, version, hash), this one 2',
    },
  ])('says where $text is wrong', ({ text, says }) => {
    expect(() => parseGoSum(text, 'x.sum')).toThrow(says);
  });

  it('fails for any text only with a place', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseGoSum(text, 'f');
        } catch (error) {
          expect(isModhavenError(error, 'CONFIG')).toBe(true);
          expect((error as Error).message).toMatch(/^f:\d+:\d+: /);
        }
      }),
    );
  });
});
