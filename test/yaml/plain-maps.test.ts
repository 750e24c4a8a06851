/** What is read here is what the library reads, and nothing that it reads otherwise or refuses. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readPlainMaps } from '../../src/yaml/plain-maps.js';
import type { DataPath } from '../../src/yaml/problems.js';
import { parseYaml } from '../../src/yaml/yaml-source.js';

const PLACEHOLDERS = /(?<=[/\w.~-])\{\w+(?:\.\.\.)?\}/g;

/** A comment in front that is not a plain line makes the library read all of it. */
const byLibrary = (text: string) => parseYaml(`# \u2028\n${text}`, 'f.yaml', PLACEHOLDERS);

describe('readPlainMaps', () => {
  it('reads rules as they are mostly written, with the places of their keys', () => {
    const text = [
      '# our rules',
      'host: mycompany.com',
      'cache_max_age: 3600   # an hour',
      'paths:',
      '  /go/foo: http://10.10.30.30/go/foo.git',
      '',
      '  /go/{name}: http://10.10.30.30/go/{name}.git',
      '    # indented otherwise',
      '  other.corp/lib:',
      '    repo: git@gitlab.mycompany.com:team/lib.git',
      '    subdir: src',
    ].join('\n');
    const read = readPlainMaps(text);
    expect(read?.data).toEqual({
      host: 'mycompany.com',
      cache_max_age: 3600,
      paths: {
        '/go/foo': 'http://10.10.30.30/go/foo.git',
        '/go/{name}': 'http://10.10.30.30/go/{name}.git',
        'other.corp/lib': { repo: 'git@gitlab.mycompany.com:team/lib.git', subdir: 'src' },
      },
    });
    expect(read?.keyAt(['paths', 'other.corp/lib', 'subdir'])).toEqual({ line: 11, column: 5 });
    expect(read?.keyAt(['paths', 'nothing'])).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['comments alone', '# x\n'],
    ['a key without a value', 'a:\nb: c\n'],
    ['a key without a value at the end', 'b: c\na:'],
    ['a key that is there twice', 'a: b\na: c\n'],
    ['words that are not text', 'a: true\n'],
    ['the same in capitals', 'a: NULL\n'],
    ['a key that is not text', 'null: a\n'],
    ['a value that goes on', 'a: b\n  c: d\n'],
    ['a value on two lines', 'a: b\n  c\n'],
    ['keys between two levels', 'a:\n    b: c\n  d: e\n'],
    ['a root that is indented', '  a: b\n'],
    ['a key in the value', 'a: b: c\n'],
    ['a value that ends as a key', 'a: b:\n'],
    ['a value of two words', 'a: b c\n'],
    ['quotation marks', 'a: "b"\n'],
    ['a flow map', 'a: {b: c}\n'],
    ['a list', 'a:\n  - b\n'],
    ['an anchor', 'a: &b c\n'],
    ['a block of text', 'a: |\n  b: c\n'],
    ['a tab', 'a:\tb\n'],
    ['line ends of Windows', 'a: b\r\n'],
    ['a document that ends', 'a: b\n...\n'],
    ['a second document', 'a: b\n---\nc: d\n'],
    ['a number with a fraction', 'a: 1.5\n'],
    ['a number in octal', 'a: 0o7\n'],
    ['more levels than may be', Array.from({ length: 40 }, (_, i) => `${' '.repeat(i)}a:`).join('\n') + ' b'],
  ])('leaves %s to the library', (_, text) => {
    expect(readPlainMaps(text)).toBeUndefined();
  });

  /** Lines that are put together at random: what is read of them must be what the library reads. */
  it('reads nothing otherwise than the library', () => {
    const keys = ['a', 'b', '/x', 'x/{n}', 'true', 'null', 'a.b', '"q"', '- a', 'k#', '1', 'a:b', '~'];
    const values = [
      ...[
        '',
        ' v',
        ' 12',
        ' 012',
        ' a:b',
        ' a:',
        ' a: b',
        ' #c',
        ' v #c',
        'v',
        ' {x}',
        ' x{y}',
        ' /p',
        ' ./p',
      ],
      ...[
        ' ../p',
        ' ..',
        ' .inf',
        ' true',
        ' ~',
        ' "q"',
        ' e5',
        ' 1e5',
        ' v#',
        ' &a v',
        ' *a',
        ' !x v',
        ' v\t',
      ],
      ...[
        ' @x',
        ' %x',
        ' x@y%z',
        ' yes',
        ' 2001-01-01',
        ' 0x1f',
        ' |',
        ' >',
        ' -',
        ' - v',
        ' ?',
        ' v,w',
        ' [v]',
      ],
    ];
    let seed = 7;
    const below = (count: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * count);
    };
    let read = 0;
    for (let n = 0; n < 20_000; n += 1) {
      const lines = Array.from({ length: 1 + below(5) }, () => {
        const kind = below(12);
        if (kind === 0) return ' '.repeat(below(4));
        if (kind === 1) return `${' '.repeat(below(4))}# c`;
        const isUsual = below(3) > 0;
        const key = keys[below(isUsual ? 4 : keys.length)] ?? '';
        const value = values[below(isUsual ? 3 : values.length)] ?? '';
        return `${' '.repeat(below(3) * 2)}${key}:${value}`;
      });
      const text = lines.join('\n');
      const plain = readPlainMaps(text);
      if (plain === undefined) continue;
      read += 1;
      expect(plain.data, text).toEqual(parse(text, { prettyErrors: false }));
      const { data, locate } = byLibrary(text);
      expect(plain.data, text).toEqual(data);
      for (const path of pathsIn(plain.data)) {
        const { line, column } = locate(path, 'key');
        expect(plain.keyAt(path), text).toEqual({ line: line - 1, column });
      }
    }
    expect(read).toBeGreaterThan(500);
  });
});

describe('parseYaml of plain maps', () => {
  it('finds the places of values, and of what is not there', () => {
    const { locate } = parseYaml('a: b\nc:\n  d: e\n', 'f.yaml', PLACEHOLDERS);
    expect(locate(['c', 'd'], 'value')).toEqual({ line: 3, column: 6 });
    expect(locate(['c', 'x'], 'key')).toEqual({ line: 2, column: 1 });
  });
});

function* pathsIn(data: Record<string, unknown>, above: DataPath = []): Generator<DataPath> {
  for (const [key, value] of Object.entries(data)) {
    yield [...above, key];
    if (typeof value === 'object' && value !== null) {
      yield* pathsIn(value as Record<string, unknown>, [...above, key]);
    }
  }
}
