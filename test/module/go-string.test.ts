import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { escapeUnprintable, isPrintable, quote, quoteChar, unquote } from '../../src/module/go-string.js';

describe('quote', () => {
  it.each([
    { name: 'plain text', text: 'a b/é', quoted: '"a b/é"' },
    { name: 'quotes and backslashes', text: `a"b\\c'`, quoted: String.raw`"a\"b\\c'"` },
    { name: 'named control characters', text: '\x07\b\f\n\r\t\v', quoted: String.raw`"\a\b\f\n\r\t\v"` },
    { name: 'other control characters', text: '\x00\x1b\x7f', quoted: String.raw`"\x00\x1b\x7f"` },
    { name: 'spaces other than the ASCII one', text: '\u00a0\u2028', quoted: String.raw`"\u00a0\u2028"` },
    { name: 'invisible characters', text: '\ufeff\u{e0001}', quoted: String.raw`"\ufeff\U000e0001"` },
  ])('escapes $name', ({ text, quoted }) => {
    expect(quote(text)).toBe(quoted);
  });

  it('is undone by unquote and stays on one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(unquote(quote(text))).toBe(text);
        expect(Array.from(quote(text)).every(isPrintable)).toBe(true);
      }),
    );
  });
});

describe('quoteChar', () => {
  it.each([
    { char: 'a', quoted: "'a'" },
    { char: '"', quoted: `'"'` },
    { char: "'", quoted: String.raw`'\''` },
    { char: '\n', quoted: String.raw`'\n'` },
    { char: '😀', quoted: "'😀'" },
  ])('writes $quoted', ({ char, quoted }) => {
    expect(quoteChar(char)).toBe(quoted);
  });
});

describe('escapeUnprintable', () => {
  it('escapes what is not printable and nothing else', () => {
    expect(escapeUnprintable('a"b\\c\n\u001bé')).toBe('a"b\\c\\n\\x1bé');
  });
});

describe('unquote', () => {
  it.each([
    { name: 'a plain string', literal: '"a b"', text: 'a b' },
    { name: 'the named escapes', literal: String.raw`"\a\b\f\n\r\t\v\\\""`, text: '\x07\b\f\n\r\t\v\\"' },
    { name: 'octal escapes', literal: String.raw`"\101\000"`, text: 'A\0' },
    { name: 'hex escapes', literal: String.raw`"\x41\u00e9\U0001F600"`, text: 'Aé😀' },
    { name: 'a character spelled in bytes', literal: String.raw`"\xc3\xa9\303\251"`, text: 'éé' },
    { name: 'bytes that are not UTF-8', literal: String.raw`"a\xffb"`, text: 'a\ufffdb' },
    { name: 'a single quote', literal: `"'"`, text: "'" },
    { name: 'characters outside of ASCII', literal: '"é😀"', text: 'é😀' },
    { name: 'a raw string', literal: '`a\\n"`', text: 'a\\n"' },
    { name: 'a carriage return in a raw string', literal: '`a\r\nb`', text: 'a\nb' },
    { name: 'an empty string', literal: '""', text: '' },
  ])('reads $name', ({ literal, text }) => {
    expect(unquote(literal)).toBe(text);
  });

  it.each([
    { name: 'no quotes', literal: 'a' },
    { name: 'nothing', literal: '' },
    { name: 'one quote', literal: '"' },
    { name: 'no end', literal: '"a' },
    { name: 'an escaped end', literal: String.raw`"a\"` },
    { name: 'text after the end', literal: '"a"b"' },
    { name: 'a raw quote in a raw string', literal: '`a`b`' },
    { name: 'a rune literal', literal: "'a'" },
    { name: 'a line break', literal: '"a\nb"' },
    { name: 'an unknown escape', literal: String.raw`"\z"` },
    { name: 'an escaped single quote', literal: String.raw`"\'"` },
    { name: 'a short octal escape', literal: String.raw`"\12"` },
    { name: 'an octal escape above 255', literal: String.raw`"\400"` },
    { name: 'a short hex escape', literal: String.raw`"\x4"` },
    { name: 'a surrogate', literal: String.raw`"\ud800"` },
    { name: 'a number above the last character', literal: String.raw`"\U00110000"` },
  ])('refuses $name', ({ literal }) => {
    expect(unquote(literal)).toBeUndefined();
  });
});
