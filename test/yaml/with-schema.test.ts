import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  issueSentence,
  keysAt,
  nearestKey,
  parseWithSchema,
  unknownKey,
} from '../../src/yaml/with-schema.js';
import { parseYaml } from '../../src/yaml/yaml-source.js';
import { messageOf } from '../support/message-of.js';

const SCHEMA = z.strictObject({
  name: z.string().min(1).optional(),
  count: z.int().min(1).max(9).optional(),
  flag: z.boolean().optional(),
  tags: z.array(z.string()).min(1).optional(),
  by: z
    .record(
      z.string().regex(/^[a-z]+$/, { error: 'is not in small letters' }),
      z.strictObject({ size: z.int() }),
    )
    .optional(),
  list: z.array(z.strictObject({ size: z.int() })).optional(),
  either: z
    .union([z.string(), z.strictObject({ repo: z.string() })], { error: 'must be this or that' })
    .optional(),
});

const read = (text: string) => {
  const source = parseYaml(text, 'f', /(?!)/g);
  return parseWithSchema(SCHEMA, source, source.data);
};

describe('parseWithSchema', () => {
  it('is what the schema makes of a file, and of an empty one', () => {
    expect(read('name: x\neither: { repo: r }')).toEqual({ name: 'x', either: { repo: 'r' } });
    expect(read('')).toEqual({});
  });

  it.each([
    ['name: 1', 'f:1:7: "name" must be text, not a number (put it in quotes)'],
    ['name: [x]', 'f:1:7: "name" must be text, not a list'],
    ['name: {}', 'f:1:7: "name" must be text, not a map of keys'],
    ['name:', 'f:1:1: "name" must be text, but nothing is given'],
    ['name: ""', 'f:1:7: "name" must not be empty'],
    ['tags: []', 'f:1:7: "tags" must not be empty'],
    ['tags: x', 'f:1:7: "tags" must be a list, not text'],
    ['tags: [a, 1]', 'f:1:11: "tags.1" must be text, not a number (put it in quotes)'],
    ['count: 0', 'f:1:8: "count" must be at least 1'],
    ['count: 10', 'f:1:8: "count" must be at most 9'],
    ['count: 1.5', 'f:1:8: "count" must be a whole number'],
    ['flag: yes', 'f:1:7: "flag" must be true or false, not text'],
    ['by: { A: { size: 1 } }', 'f:1:7: "A" is not in small letters'],
    ['by: { a: { size: 1, sise: 2 } }', 'f:1:21: unknown key "sise"; did you mean "size"?'],
    ['by: { a: { } }', 'f:1:7: "by.a.size" must be a number, but nothing is given'],
    ['either: 1', 'f:1:9: "either" must be this or that'],
    ['either: { repo: 1 }', 'f:1:17: "either.repo" must be text, not a number (put it in quotes)'],
    ['either: { repo: r, rpeo: x }', 'f:1:20: unknown key "rpeo"; did you mean "repo"?'],
    ['list: [{ size: 1 }, { size: 1, sise: 2 }]', 'f:1:32: unknown key "sise"; did you mean "size"?'],
    ['list: [{ zzzzzzz: 1, size: 1 }]', 'f:1:10: unknown key "zzzzzzz"; the keys here are size'],
    ['- a', 'f:1:1: the file must be a map of keys, not a list'],
    ['just text', 'f:1:1: the file must be a map of keys, not text'],
    [
      'zzzzzzzzzz: 1',
      'f:1:1: unknown key "zzzzzzzzzz"; the keys here are name, count, flag, tags, by, list, either',
    ],
  ])('%s: %s', (text, message) => {
    expect(messageOf(() => read(text))).toBe(message);
  });

  it('tells all problems at once, first line first', () => {
    expect(messageOf(() => read('count: 0\nnmae: x\nflag: 1'))).toBe(
      [
        'f:1:8: "count" must be at least 1',
        'f:2:1: unknown key "nmae"; did you mean "name"?',
        'f:3:7: "flag" must be true or false, not a number',
      ].join('\n'),
    );
  });
});

describe('nearestKey', () => {
  const known = ['token', 'token_file', 'known_hosts_file', 'repo'];
  it.each([
    ['tokn', undefined, 'token'],
    ['TOKEN', undefined, 'token'],
    ['token-file', undefined, 'token_file'],
    ['knwon_host_fil', undefined, 'known_hosts_file'],
    ['rope', undefined, 'repo'],
    ['xyz', undefined, undefined],
    ['x'.repeat(10_000), undefined, undefined],
    ['tokn', 5, 'token'],
    ['tkn', 5, undefined],
    ['rpo', 5, undefined],
  ])('of %j with one mistake in %j letters is %j', (key, lettersPerMistake, nearest) => {
    expect(nearestKey(key, known, lettersPerMistake)).toBe(nearest);
  });

  it('is the nearer of two, and none of none', () => {
    expect(nearestKey('fooo', ['fxxo', 'foo'])).toBe('foo');
    expect(nearestKey('foo', [])).toBeUndefined();
  });
});

it('unknownKey quotes what a file holds', () => {
  expect(unknownKey('a"b', ['token'])).toBe('unknown key "a\\"b"; the keys here are token');
});

describe('keysAt', () => {
  it.each([
    [[], ['name', 'count', 'flag', 'tags', 'by', 'list', 'either']],
    [['by', 'any'], ['size']],
    [['either'], ['repo']],
    [['by'], []],
    [['none'], []],
    [['name'], []],
  ])('of %j are %j', (path, keys) => {
    expect(keysAt(SCHEMA, path)).toEqual(keys);
  });
});

it('issueSentence falls back to the words of the library', () => {
  const [issue] = z.number().multipleOf(2).safeParse(3).error?.issues ?? [];
  expect(issue && issueSentence(issue)).toMatch(/^is not right: ./);
});
