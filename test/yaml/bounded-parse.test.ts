import { LineCounter } from 'yaml';
import { describe, expect, it } from 'vitest';
import { TooMuch, parseBounded } from '../../src/yaml/bounded-parse.js';
import { MAX_DEPTH, MAX_NODES } from '../../src/yaml/limits.js';

const parse = (text: string) => parseBounded(text, new LineCounter());

function tooMuch(text: string): TooMuch {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof TooMuch) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseBounded', () => {
  it('makes the document of a text', () => {
    const { document, second } = parse('a: [1, { b: c }]\n');
    expect(document?.toJS()).toEqual({ a: [1, { b: 'c' }] });
    expect(second).toBeUndefined();
  });

  it('is a document without content for an empty text', () => {
    expect(parse('').document?.contents).toBeNull();
    expect(parse('# only a comment\n').document?.contents).toBeNull();
  });

  it('says where a second document begins', () => {
    const text = 'a: 1\n---\nb: 2\n---\nc: 3\n';
    expect(parse(text).document?.toJS()).toEqual({ a: 1 });
    expect(parse(text).second).toBeGreaterThan(text.indexOf('a: 1'));
    expect(parse(text).second).toBeLessThanOrEqual(text.indexOf('b: 2'));
  });

  it('counts lines while it reads', () => {
    const lines = new LineCounter();
    parseBounded('a: 1\nb: 2\n', lines);
    expect(lines.linePos(5)).toEqual({ line: 2, col: 1 });
  });

  it.each([
    ['lists', '[', ']'],
    ['maps', '{a: ', '}'],
  ])('takes %s inside one another up to the limit, which check-tree.ts counts exactly', (_, open, close) => {
    const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;
    expect(parse(nested(MAX_DEPTH)).document?.errors).toEqual([]);
    const error = tooMuch(nested(MAX_DEPTH + 2));
    expect(error.message).toBe(`more than ${MAX_DEPTH} maps and lists stand inside one another`);
    expect(error.offset).toBeLessThanOrEqual(open.length * (MAX_DEPTH + 2));
  });

  it('gives up a text of a million brackets at once', () => {
    expect(tooMuch('['.repeat(1_000_000)).offset).toBeLessThan(100);
  });

  it('gives up a text with too many values', () => {
    expect(tooMuch('- \n'.repeat(MAX_NODES * 4)).message).toBe(
      `the file holds more than ${MAX_NODES} keys and values`,
    );
  });

  it('stops at many syntax errors, of which the first are told', () => {
    const { document } = parse('@\n'.repeat(5000));
    expect(document?.errors.length).toBeGreaterThan(0);
    expect(document?.errors.length).toBeLessThan(100);
  });

  it('leaves a key that is written twice to the check of the tree', () => {
    expect(parse('a: 1\na: 2\n').document?.errors).toEqual([]);
  });
});
