/** Records and tree heads, with the cases of golang.org/x/mod/sumdb/tlog's own tests and of the CVEs. */
import { describe, expect, it } from 'vitest';
import {
  formatDataTile,
  formatRecord,
  goSumLines,
  isRecord,
  parseDataTile,
  parseRecord,
  subjectOf,
  sumsIn,
} from '../../../src/sumdb/format/record.js';
import { parseVerifierKey } from '../../../src/sumdb/format/note.js';
import { formatTree, openTree, parseTree } from '../../../src/sumdb/format/tree-head.js';
import { recordHash } from '../../../src/sumdb/format/tlog.js';

describe('a tree head', () => {
  const TEXT = 'go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n';
  const TREE = { size: 123456789012, hash: recordHash(Buffer.from('hello world')) };

  it('is written as the format says, and read again', () => {
    expect(formatTree(TREE)).toBe(TEXT);
    for (const more of ['', 'JOE', 'JOE\n', 'JOE\n'.repeat(1000)]) {
      expect(parseTree(TEXT + more)).toEqual(TREE);
    }
  });

  it.each([
    `not-${TEXT}`,
    'go.sum database tree\n0xabcdef\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n',
    'go.sum database tree\n0123\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n',
    'go.sum database tree\n-1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n',
    'go.sum database tree\n9999999999999999\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n',
    'go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBTOOBIG=\n',
    TEXT.slice(0, -1),
  ])('is refused as %j', (text) => {
    expect(() => parseTree(text)).toThrow('malformed tree head');
  });

  it('of the public database is read with its known key', () => {
    const verifier = parseVerifierKey('sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8');
    const note = Buffer.from(
      'go.sum database tree\n71909756\niHqVxqh8cyFgqTcentUiEjZ88MD/U2r6w+0h9y1wcFA=\n\n' +
        '— sum.golang.org Az3gruqca1CkvBUmiVQwTbA/gaUFzmjGdeKsltdaxDjB0sALZnZFiokxoLeuELkWgcacVEQfWPJ8/AdDoOHPspHuDgk=\n',
    );
    expect(openTree(note, verifier)).toMatchObject({ size: 71909756, note });
    const other = Buffer.from(note.toString().replace('71909756', '71909757'));
    expect(() => openTree(other, verifier)).toThrow('the signature of sum.golang.org+033de0ae is wrong');
  });
});

describe('a record', () => {
  it('is written as the format says, and read again', () => {
    expect(formatRecord(123456789012, 'hello, world\n')).toBe('123456789012\nhello, world\n\n');
    const answer = Buffer.concat([
      Buffer.from('123456789012\nhello, world\n\njunk on end\x01'),
      Buffer.from([0xff]),
    ]);
    expect(parseRecord(answer)).toEqual({
      number: 123456789012,
      record: 'hello, world\n',
      rest: answer.subarray(-13),
    });
    expect(parseRecord(answer.subarray(0, -13)).rest).toHaveLength(0);
  });

  it.each(['', '\n', 'hello\nworld', 'hello\n\nworld\n', 'hello\x01world\n', 'hello\tworld\n'])(
    'cannot be %j',
    (text) => {
      expect(isRecord(text)).toBe(false);
      expect(() => formatRecord(1, text)).toThrow('malformed record');
    },
  );

  it.each([
    'not-123\nhello\n\n',
    '0x123\nhello\n\n',
    '-1\nhello\n\n',
    '0123\nhello\n\n',
    '123\nhello\x01world\n\n',
    '123\nhello world\n',
    '123\n\nhello\n\n',
    '\nhello\n\n',
    '123',
    '',
  ])('is refused in the answer %j', (answer) => {
    expect(() => parseRecord(Buffer.from(answer))).toThrow('malformed answer');
  });

  it('is refused in bytes that are not UTF-8', () => {
    expect(() => parseRecord(Buffer.from('123\nhello\xffworld\n\n', 'latin1'))).toThrow('malformed answer');
  });

  it('stands in a tile with others', () => {
    const records = ['a v1.0.0 h1:x\n', 'b v1.0.0 h1:y\nb v1.0.0/go.mod h1:z\n'];
    const tile = 'a v1.0.0 h1:x\n\nb v1.0.0 h1:y\nb v1.0.0/go.mod h1:z\n\n';
    expect(formatDataTile(records)).toBe(tile);
    expect(parseDataTile(Buffer.from(tile))).toEqual(records);
    expect(parseDataTile(Buffer.alloc(0))).toEqual([]);
    for (const bad of [tile.slice(0, -1), `\n${tile}`, `${tile}\n`, tile.replace('y', '\x00')]) {
      expect(() => parseDataTile(Buffer.from(bad))).toThrow('malformed tile');
    }
  });
});

describe('the hashes in a record', () => {
  const SUMS = {
    zip: 'h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=',
    mod: 'h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=',
  };
  const LINES = goSumLines('rsc.io/quote', 'v1.5.2', SUMS);

  it('are those of go.sum', () => {
    expect(LINES).toBe(`rsc.io/quote v1.5.2 ${SUMS.zip}\nrsc.io/quote v1.5.2/go.mod ${SUMS.mod}\n`);
    expect(sumsIn(LINES, 'rsc.io/quote', 'v1.5.2')).toEqual(SUMS);
    expect(sumsIn(`${LINES}rsc.io/quote v1.5.2 h2:xyzzy\n`, 'rsc.io/quote', 'v1.5.2')).toEqual(SUMS);
    expect(subjectOf(LINES)).toBe('rsc.io/quote@v1.5.2');
    expect(subjectOf('nothing\n')).toBeUndefined();
  });

  it('are none of another version, of half a record or of two', () => {
    expect(sumsIn(LINES, 'rsc.io/quote', 'v1.5.1')).toBeUndefined();
    expect(sumsIn(LINES, 'rsc.io/quot', 'v1.5.2')).toBeUndefined();
    expect(sumsIn(LINES, 'rsc.io/Quote', 'v1.5.2')).toBeUndefined();
    expect(sumsIn(LINES.split('\n', 1)[0] ?? '', 'rsc.io/quote', 'v1.5.2')).toBeUndefined();
    expect(sumsIn(LINES + LINES, 'rsc.io/quote', 'v1.5.2')).toBeUndefined();
    expect(sumsIn('', 'rsc.io/quote', 'v1.5.2')).toBeUndefined();
  });
});
