import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../src/yaml/yaml-source.js';
import { VARIABLES } from '../../src/config/variables.js';
import { messageOf } from '../support/message-of.js';

describe('parseYaml', () => {
  it.each([
    {
      name: 'a duplicate key',
      text: 'a: 1\nb: 2\na: 3\n',
      message: 'f.yaml:3:1: the key "a" is already on line 1',
    },
    {
      name: 'a duplicate key further down',
      text: 'x:\n  - y: 1\n    y: 2\n',
      message: 'f.yaml:3:5: the key "y" is already on line 2',
    },
    {
      name: 'a second document',
      text: 'a: 1\n---\nb: 2\n',
      message: 'f.yaml:2:1: a second YAML document begins here; a configuration file holds one',
    },
    {
      name: 'a tab',
      text: 'a:\n\tb: 1\n',
      message: 'f.yaml:2:1: YAML does not allow tabs for indentation; use spaces',
    },
    {
      name: 'an open bracket',
      text: 'a: [1, 2\n',
      message:
        'f.yaml:2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    },
    {
      name: 'a key that is a list',
      text: '? [1]\n: 2\n',
      message: 'f.yaml:1:3: a key must be plain text; put it in quotes',
    },
    {
      name: 'an unknown alias',
      text: 'a: *nowhere\n',
      message: 'f.yaml:1:4: the alias *nowhere has no anchor &nowhere',
    },
  ])('refuses $name', ({ text, message }) => {
    expect(messageOf(() => parseYaml(text, 'f.yaml', VARIABLES))).toContain(message);
  });

  it('reads variables inside braces, and keeps columns and maps', () => {
    const { data, locate } = parseYaml('a: { b: ${NAME}, c: x${N}y }\nd: {}\n', 'f.yaml', VARIABLES);
    expect(data).toEqual({ a: { b: '${NAME}', c: 'x${N}y' }, d: {} });
    expect(locate(['a', 'c'], 'value')).toEqual({ line: 1, column: 21 });
  });

  it.each([
    { path: ['a'], part: 'key', at: { line: 2, column: 1 } },
    { path: ['a'], part: 'value', at: { line: 3, column: 3 } },
    { path: ['a', 'b', 1], part: 'value', at: { line: 3, column: 10 } },
    { path: ['a', 'b', 1], part: 'key', at: { line: 3, column: 10 } },
    { path: ['a', 'nothing'], part: 'value', at: { line: 2, column: 1 } },
    { path: ['empty'], part: 'value', at: { line: 4, column: 1 } },
    { path: ['alias', 'b'], part: 'key', at: { line: 3, column: 3 } },
    { path: ['nowhere'], part: 'key', at: { line: 2, column: 1 } },
    { path: [], part: 'value', at: { line: 2, column: 1 } },
  ] as const)('locates the $part of $path', ({ path, part, at }) => {
    const { locate } = parseYaml('# comment\na: &x\n  b: [1, 2]\nempty:\nalias: *x\n', 'f.yaml', VARIABLES);
    expect(locate(path, part)).toEqual(at);
  });

  it.each(['', '\n', '# only a comment\n', '---\n', '\uFEFF'])('reads %j as no data', (text) => {
    expect(parseYaml(text, 'f.yaml', VARIABLES).data).toBeUndefined();
  });

  it('has no trouble with keys of Object.prototype', () => {
    const { data } = parseYaml('__proto__: 1\nconstructor: 2\n', 'f.yaml', VARIABLES);
    expect(Object.entries(data as object)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
  });
});
