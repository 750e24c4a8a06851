import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { explain, formatProblem, problemsError } from '../../src/yaml/problems.js';

const at = (line: number, column: number, message = 'm') => ({ line, column, message });

describe('problemsError', () => {
  it('lists the problems in the order of the file, whatever order they were found in', () => {
    const found = [at(10, 1, 'd'), at(2, 9, 'b'), at(2, 10, 'c'), at(1, 1, 'a')];
    const error = problemsError('f.yaml', found);
    expect(error.code).toBe('CONFIG');
    expect(error.message).toBe('f.yaml:1:1: a\nf.yaml:2:9: b\nf.yaml:2:10: c\nf.yaml:10:1: d');
    expect(found[0]?.message).toBe('d');
  });

  it('keeps problems of one place in the order in which they were found', () => {
    expect(problemsError('f', [at(1, 1, 'b'), at(1, 1, 'a')]).message).toBe('f:1:1: b\nf:1:1: a');
  });

  it('lists a hundred, and counts the others', () => {
    const some = (count: number) => Array.from({ length: count }, (_, i) => at(i + 1, 1));
    const hundred = problemsError('f', some(100)).message.split('\n');
    expect([hundred.length, hundred[99]]).toEqual([100, 'f:100:1: m']);
    const more = problemsError('f', some(250)).message.split('\n');
    expect([more.length, more[99], more[100]]).toEqual([101, 'f:100:1: m', 'f:101:1: 150 more problems']);
  });
});

it('formatProblem is what editors open', () => {
  expect(formatProblem('/etc/m.yaml', at(3, 4, 'is wrong'))).toBe('/etc/m.yaml:3:4: is wrong');
});

describe('explain', () => {
  it.each([
    [{}, 'what'],
    [{ reason: 'why' }, 'what: why'],
    [{ remedy: 'do this' }, 'what; do this'],
    [{ reason: 'why', remedy: 'do this' }, 'what: why; do this'],
  ])('with %j is %s', (options, text) => {
    expect(explain(new ModhavenError('CONFIG', 'what', options))).toBe(text);
  });
});
