import { LineCounter, Scalar } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseBounded } from '../../src/yaml/bounded-parse.js';
import { checkTree, plainKey } from '../../src/yaml/check-tree.js';
import { MAX_ALIASES, MAX_DEPTH, MAX_NODES } from '../../src/yaml/limits.js';

function check(text: string) {
  const lines = new LineCounter();
  const { document } = parseBounded(text, lines);
  const position = (offset: number | undefined) => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  return checkTree(document?.contents, { position, keyText: plainKey });
}

const problems = (text: string) =>
  check(text).problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);

describe('checkTree', () => {
  it.each(['', 'a: 1', '[1, 2]', 'a: &x 1\nb: *x', '{1: a, true: b, "": c}', 'a: &x {b: 1}\nc: [*x, *x]'])(
    'finds nothing wrong with %j',
    (text) => {
      expect(problems(text)).toEqual([]);
    },
  );

  it.each([
    ['a: 1\nb: 2\na: 3', ['3:1: the key "a" is already on line 1']],
    [
      'a: 1\n"a": 2\n\'a\': 3',
      ['2:1: the key "a" is already on line 1', '3:1: the key "a" is already on line 1'],
    ],
    ['x:\n  - { b: 1, b: 2 }', ['2:13: the key "b" is already on line 2']],
    ['1: a\n"1": b', ['2:1: the key "1" is already on line 1']],
    ['? [a]\n: 1', ['1:3: a key must be plain text; put it in quotes']],
    ['? {a: 1}\n: 1', ['1:3: a key must be plain text; put it in quotes']],
    ['~: 1', ['1:1: a key must be plain text; put it in quotes']],
    ['a: *x', ['1:4: the alias *x has no anchor &x']],
    ['a: *x\nb: &x 1', ['1:4: the alias *x has no anchor &x']],
    ['a: &x [1, *x]', ['1:11: the alias *x stands in &x itself, which would never end']],
    ['a: &x\n  b: &y { c: *x }', ['2:14: the alias *x stands in &x itself, which would never end']],
  ])('%j', (text, found) => {
    expect(problems(text)).toEqual(found);
  });

  it('takes a name that stands again for the last anchor before', () => {
    const { targets, problems: found } = check('a: &x 1\nb: *x\nc: &x 2\nd: *x');
    expect(found).toEqual([]);
    expect([...targets.values()].map((node) => (node as Scalar).value)).toEqual([1, 2]);
  });

  it('counts what aliases stand for', () => {
    // Ten of ten of ten, as in the "billion laughs".
    const levels = Array.from(
      { length: 6 },
      (_, i) => `l${i}: &l${i} [${`${i === 0 ? '1' : `*l${i - 1}`}, `.repeat(10)}]`,
    );
    expect(problems(levels.slice(0, 4).join('\n'))).toEqual([]);
    expect(problems(levels.join('\n'))).toEqual([
      `1:1: the file holds more than ${MAX_NODES} keys and values, its aliases followed`,
    ]);
  });

  it('counts how deep aliases lead', () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, i) => `l${i}: &l${i} [${i === 0 ? '1' : `*l${i - 1}`}]`).join('\n');
    expect(problems(chain(MAX_DEPTH - 1))).toEqual([]);
    expect(problems(chain(MAX_DEPTH))).toEqual([
      `1:1: more than ${MAX_DEPTH} maps and lists stand inside one another, its aliases followed`,
    ]);
  });

  it('counts aliases', () => {
    const some = (count: number) => `a: &x 1\nb:\n${'  - *x\n'.repeat(count)}`;
    expect(problems(some(MAX_ALIASES))).toEqual([]);
    expect(problems(some(MAX_ALIASES + 1))[0]).toBe(
      `${MAX_ALIASES + 3}:5: the file holds more than ${MAX_ALIASES} aliases`,
    );
  });
});

describe('plainKey', () => {
  it.each([
    ['a', 'a'],
    ['', ''],
    [null, undefined],
    [new Date(0), undefined],
  ])('of the value %j is %j', (value, text) => {
    expect(plainKey(new Scalar(value))).toBe(text);
  });

  it('is a number as it is written', () => {
    const number = new Scalar(1);
    number.source = '0x1';
    expect(plainKey(number)).toBe('0x1');
  });

  it('is none of what is not a scalar', () => {
    expect(plainKey(undefined)).toBeUndefined();
    expect(plainKey('a')).toBeUndefined();
  });
});
