import { describe, expect, it } from 'vitest';

import { goModError, parseStatements } from '../../src/module/go-mod-syntax.js';

describe('parseStatements', () => {
  it.each([
    { name: 'words', text: 'a b\tc\r\n', statements: [['a', 'b', 'c']] },
    { name: 'no line break at the end', text: 'a', statements: [['a']] },
    {
      name: 'strings with their quotes',
      text: 'a "b c" `d\\`"e"\n',
      statements: [['a', '"b c"', '`d\\`', '"e"']],
    },
    { name: 'an escaped quote', text: 'a "b\\"c"\n', statements: [['a', '"b\\"c"']] },
    { name: 'quotes inside of a word', text: `a b"c'd\n`, statements: [['a', `b"c'd`]] },
    {
      name: 'punctuation without spaces',
      text: 'a[b,c]{}\n',
      statements: [['a', '[', 'b', ',', 'c', ']', '{', '}']],
    },
    {
      name: 'parentheses inside of a line',
      text: 'a (b) () c\n',
      statements: [['a', '(', 'b', ')', '(', ')', 'c']],
    },
    { name: 'a line that begins with punctuation', text: ') a\n', statements: [[')', 'a']] },
    { name: 'blank lines and comments', text: '\n// c\n\n a // b\n//\n', statements: [['a']] },
    { name: 'a comment without a space before it', text: 'a//b\nc\n', statements: [['a'], ['c']] },
    { name: 'slashes inside of words', text: 'a/b /c d/\n', statements: [['a/b', '/c', 'd/']] },
    { name: 'two slashes in a string', text: 'a "b//c"\n', statements: [['a', '"b//c"']] },
    { name: 'letters outside of ASCII', text: 'é 😀\n', statements: [['é', '😀']] },
  ])('reads $name', ({ text, statements }) => {
    expect(parseStatements(text).map(({ words, lines }) => ({ words, lines }))).toEqual(
      statements.map((words) => ({ words, lines: undefined })),
    );
  });

  it.each([
    { name: 'lines', text: 'a (\n\tb c\n\td\n)\n', words: ['a'], lines: [['b', 'c'], ['d']] },
    {
      name: 'comments and blank lines',
      text: 'a ( // x\n\n// y\n b // z\n\n) // end\n',
      words: ['a'],
      lines: [['b']],
    },
    { name: 'the end of the file behind it', text: 'a (\nb\n)', words: ['a'], lines: [['b']] },
    { name: 'several words before it', text: 'a b (\nc\n)\n', words: ['a', 'b'], lines: [['c']] },
    { name: 'nothing, over two lines', text: 'a (\n)\n', words: ['a'], lines: [] },
    { name: 'nothing, on one line', text: 'a ()\n', words: ['a'], lines: [] },
    {
      name: 'parentheses inside of a line',
      text: 'a (\nb (\nc )\n)\n',
      words: ['a'],
      lines: [
        ['b', '('],
        ['c', ')'],
      ],
    },
  ])('reads a block with $name', ({ text, words, lines }) => {
    const [statement, ...others] = parseStatements(text);
    expect(others).toEqual([]);
    expect(statement?.words).toEqual(words);
    expect(statement?.lines?.map((line) => line.words)).toEqual(lines);
  });

  it('says where statements and lines begin', () => {
    const text = 'a\n\n  b (\n\tc\n)\n';
    const [first, second] = parseStatements(text);
    expect([first?.start, second?.start, second?.lines?.[0]?.start]).toEqual(
      ['a', 'b', 'c'].map((word) => text.indexOf(word)),
    );
  });
});

describe('goModError', () => {
  it.each([
    { name: 'the line alone at its beginning', offset: 0, place: 'go.mod:1' },
    { name: 'a column elsewhere', offset: 'é '.length, place: 'go.mod:1:3' },
    { name: 'columns in characters', offset: 'é b\n😀'.length, place: 'go.mod:2:2' },
  ])('names $name', ({ offset, place }) => {
    expect(goModError('é b\n😀c', offset, 'broken')).toMatchObject({
      code: 'MODULE_INVALID',
      reason: `${place}: broken`,
    });
  });
});
