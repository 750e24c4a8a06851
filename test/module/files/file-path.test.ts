import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkFilePath, foldPath, isCleanPath } from '../../../src/module/files/file-path.js';

describe('checkFilePath', () => {
  it.each([
    { name: 'a name', path: 'LICENSE' },
    { name: 'leading dots', path: '.github/..x' },
    { name: 'a leading dash', path: '-x' },
    { name: 'all the punctuation', path: '!#$%&()+,-.=@[]^_{}~ a' },
    { name: 'letters of any script', path: 'é/中/ß/ʼn/𐐀' },
    { name: 'a modifier letter', path: 'aʰ' },
    { name: 'a Windows short name', path: 'long~1' },
    { name: 'a space at the end', path: 'a ' },
    { name: 'a device name behind a dot', path: '.con' },
    { name: 'a device name with a space', path: 'con ' },
  ])('takes $name', ({ path }) => {
    expect(checkFilePath(path)).toBeUndefined();
  });

  it.each([
    { name: 'the empty text', path: '', reason: 'empty string' },
    { name: 'a lone surrogate', path: 'a\udc00', reason: 'invalid UTF-8' },
    { name: 'a leading slash', path: '/a', reason: 'empty path element' },
    { name: 'a double slash', path: 'a//b', reason: 'double slash' },
    { name: 'a trailing slash', path: 'a/', reason: 'trailing slash' },
    { name: 'dots only', path: 'a/...', reason: 'invalid path element "..."' },
    { name: 'a trailing dot', path: 'a./b', reason: 'trailing dot in path element' },
    { name: 'a device name', path: 'a/AuX', reason: '"AuX" disallowed as path element component on Windows' },
    {
      name: 'a device name with an extension',
      path: 'lpt9.x',
      reason: '"lpt9" disallowed as path element component on Windows',
    },
    { name: 'an emoji', path: '😀', reason: "invalid char '😀'" },
    { name: 'a combining mark', path: 'e\u0301', reason: "invalid char '\u0301'" },
    { name: 'a superscript digit', path: 'a²', reason: "invalid char '²'" },
    { name: 'an arrow', path: 'a→b', reason: "invalid char '→'" },
    { name: 'a digit outside of ASCII', path: '٣', reason: "invalid char '٣'" },
    { name: 'a letter number', path: 'Ⅷ', reason: "invalid char 'Ⅷ'" },
    { name: 'the replacement character', path: '\ufffd', reason: "invalid char '\ufffd'" },
    { name: 'a no-break space', path: 'a\u00a0', reason: String.raw`invalid char '\u00a0'` },
    { name: 'a tab', path: 'a\tb', reason: String.raw`invalid char '\t'` },
    ...Array.from('"*<>?`|:', (char) => ({ name: char, path: char, reason: `invalid char '${char}'` })),
    { name: 'a single quote', path: "it's", reason: String.raw`invalid char '\''` },
    { name: 'a backslash', path: 'a\\b', reason: String.raw`invalid char '\\'` },
  ])('refuses $name', ({ path, reason }) => {
    expect(checkFilePath(path)).toBe(reason);
  });
});

describe('isCleanPath', () => {
  it.each(['a', 'a/b', '.', '..', '../..', '../a', '/', '/a', '.a/..b', '...'])('holds for %s', (path) => {
    expect(isCleanPath(path)).toBe(true);
  });

  it.each(['', './a', 'a/.', 'a//b', 'a/', 'a/..', 'a/../b', '../', '//', '/..', '/../a', '../a/..', '//a'])(
    'does not hold for "%s"',
    (path) => {
      expect(isCleanPath(path)).toBe(false);
    },
  );
});

describe('foldPath', () => {
  it.each([
    { name: 'ASCII letters', a: 'A/Bz', b: 'a/bZ' },
    { name: 'the Kelvin sign and k', a: '\u212a', b: 'k' },
    { name: 'the long s and S', a: 'ſ', b: 'S' },
    { name: 'all three sigmas', a: 'Σς', b: 'σσ' },
    { name: 'the capital sharp s and the small one', a: 'ẞ', b: 'ß' },
    { name: 'the micro sign and mu', a: '\u00b5', b: 'Μ' },
    { name: 'title case and the others', a: 'Dž', b: 'DŽ' },
    { name: 'Cherokee', a: '\u13a0', b: '\uab70' },
    { name: 'letters outside of the basic plane', a: '𐐀', b: '𐐨' },
    { name: 'the iota subscript and iota', a: '\u0345', b: 'ι' },
  ])('is the same for $name', ({ a, b }) => {
    expect(foldPath(a)).toBe(foldPath(b));
  });

  it.each([
    { name: 'the sharp s and ss', a: 'ß', b: 'ss' },
    { name: 'the dotted capital I and i', a: 'İ', b: 'i' },
    { name: 'the dotless i and i', a: 'ı', b: 'i' },
    { name: 'the composed and the decomposed letter', a: 'é', b: 'e\u0301' },
    { name: 'a ligature and its letters', a: '\ufb00', b: 'ff' },
    { name: 'the two spellings of one Greek letter', a: '\u0390', b: '\u1fd3' },
    { name: 'different letters', a: 'a', b: 'b' },
  ])('differs for $name', ({ a, b }) => {
    expect(foldPath(a)).not.toBe(foldPath(b));
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        expect(foldPath(foldPath(path))).toBe(foldPath(path));
      }),
    );
  });
});
