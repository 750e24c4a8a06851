import { describe, expect, it } from 'vitest';
import { VARIABLES, expandVariables } from '../../src/config/variables.js';
import { parseYaml } from '../../src/yaml/yaml-source.js';

const ENV = { A: 'one', B: 'two', EMPTY: '', NESTED: '${A}', _x1: 'low' };
const expand = (text: string) => expandVariables(parseYaml(text, 'f.yaml', VARIABLES), ENV);

describe('expandVariables', () => {
  it.each([
    ['a: ${A}', { a: 'one' }],
    ['a: x${A}-${B}y', { a: 'xone-twoy' }],
    ['a: "${EMPTY}"', { a: '' }],
    ['a: ${_x1}', { a: 'low' }],
    ['a: [{ b: ${A} }, ${B}]', { a: [{ b: 'one' }, 'two'] }],
    ['a: $A', { a: '$A' }],
    ['a: $$', { a: '$$' }],
    ['a: "$${A}"', { a: '$one' }],
    ['a: {b: 1, c: true, d: null}', { a: { b: 1, c: true, d: null } }],
    ['', undefined],
  ])('%s', (text, data) => {
    expect(expand(text)).toEqual({ data, problems: [] });
  });

  it('asks what a variable means that is all of a value', () => {
    const seen: unknown[] = [];
    const source = parseYaml('a: ${A}\nb: x${A}\nc: [${B}]\nd: ${NONE}', 'f.yaml', VARIABLES);
    const { data } = expandVariables(source, ENV, (path, text) => {
      seen.push([path, text]);
      return text.length;
    });
    expect(data).toEqual({ a: 3, b: 'xone', c: [3], d: '${NONE}' });
    expect(seen).toEqual([
      [['a'], 'one'],
      [['c', 0], 'two'],
    ]);
  });

  it('does not look for variables in what a variable holds, nor in keys', () => {
    expect(expand('a: ${NESTED}\n"${A}": 1').data).toEqual({ a: '${A}', '${A}': 1 });
  });

  it('says where each variable stands that is not set, and leaves it', () => {
    expect(expand('a: ${A}\nb:\n  - ${NONE}\nc: ${NONE_TOO}${A}')).toEqual({
      data: { a: 'one', b: ['${NONE}'], c: '${NONE_TOO}one' },
      problems: [
        { line: 3, column: 5, message: 'the environment variable NONE is not set' },
        { line: 4, column: 4, message: 'the environment variable NONE_TOO is not set' },
      ],
    });
  });

  it.each(['${}', '${1A}', '${A:-default}', '${A B}'])('says what %s should be', (text) => {
    expect(expand(`a: "${text}"`).problems).toEqual([
      {
        line: 1,
        column: 4,
        message: `${JSON.stringify(text)} is not a variable: write \${NAME}, with letters, digits and _`,
      },
    ]);
  });

  it.each(['constructor', '__proto__', 'toString'])(
    'does not take %s of every object for a variable',
    (name) => {
      expect(expand(`a: \${${name}}`).problems).toHaveLength(1);
    },
  );
});
