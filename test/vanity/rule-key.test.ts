import { describe, expect, it } from 'vitest';
import {
  canCapture,
  isPlaceholder,
  isRest,
  placeholderName,
  placeholderNames,
  readRuleKey,
} from '../../src/vanity/rule-key.js';

describe('readRuleKey', () => {
  it.each([
    ['/', 'my.example', 'my.example'],
    ['/go/foo', 'my.example', 'my.example/go/foo'],
    ['/go/foo/', 'my.example', 'my.example/go/foo'],
    ['/go/{name}', 'my.example', 'my.example/go/{name}'],
    ['/{a}/{b...}', 'my.example', 'my.example/{a}/{b...}'],
    ['Other.Example/Lib', 'my.example', 'other.example/Lib'],
    ['other.example', '', 'other.example'],
  ])('%s under %s is %s', (key, host, prefix) => {
    expect(readRuleKey(key, host)).toBe(prefix);
  });

  it.each([
    ['/go/foo', '', 'is under no host'],
    ['go/foo', 'my.example', 'is under no host'],
    ['http://my.example/x', '', 'is under no host'],
    ['my.example:80/x', '', 'bad import path'],
    ['/a//b', 'my.example', 'bad import path'],
    ['/a/..', 'my.example', 'bad import path'],
    ['/a/x{name}', 'my.example', 'bad import path'],
    ['/a/{}', 'my.example', 'bad import path'],
    ['/a/{x-y}', 'my.example', 'bad import path'],
    ['/{a}/{a}', 'my.example', 'bad import path'],
    ['/{a...}/b', 'my.example', 'bad import path'],
    ['/x', '-my.example', 'bad import path'],
    ['/x', 'my..example.', 'bad import path'],
  ])('refuses %s under %j: %s', (key, host, words) => {
    expect(() => readRuleKey(key, host)).toThrow(words);
    expect(() => readRuleKey(key, host)).toThrow(expect.objectContaining({ code: 'CONFIG' }) as Error);
  });
});

describe('placeholders', () => {
  it('are known by their braces, and named without dots', () => {
    expect(['{a}', '{a...}', 'a'].map(isPlaceholder)).toEqual([true, true, false]);
    expect(['{a}', '{a...}', 'a...'].map(isRest)).toEqual([false, true, false]);
    expect(['{a}', '{rest...}'].map(placeholderName)).toEqual(['a', 'rest']);
    expect(placeholderNames(['my.example', '{a}', 'x', '{b...}'])).toEqual(['a', 'b']);
  });

  it.each([
    ['foo', true],
    ['v1', true],
    ['v2', false],
    ['v10', false],
    ['v02', true],
    ['..', false],
    ['', false],
    ['a b', false],
    ['.git', false],
  ])('may stand for %j: %s', (element, expected) => {
    expect(canCapture(element)).toBe(expected);
  });
});
