import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  checkModulePath,
  hasPathPrefix,
  isModulePath,
  matchPathMajor,
  parseModulePath,
  pathMajorPrefix,
  pathMajorReason,
  splitPathVersion,
} from '../../src/module/module-path.js';
import { pathLike } from '../support/arbitraries.js';

const VALID = [
  { name: 'a host', path: 'example.com' },
  { name: 'a path', path: 'github.com/Azure/azure-sdk_for~go.x' },
  { name: 'digits in the host', path: '10.0.0.1/m' },
  { name: 'a major version', path: 'example.com/m/v2' },
  { name: 'a major version of two digits', path: 'example.com/m/v10' },
  { name: 'a major version that is not a last element', path: 'example.com/v1/m' },
  { name: 'a name that only looks like a version', path: 'example.com/m/av1' },
  { name: 'v alone', path: 'example.com/m/v' },
  { name: 'gopkg.in with v0', path: 'gopkg.in/yaml.v0' },
  { name: 'gopkg.in with -unstable', path: 'gopkg.in/yaml.v2-unstable' },
  { name: 'a device name after a dot', path: 'example.com/a.con' },
  { name: 'a name that begins as a device name', path: 'example.com/console' },
  { name: 'com0', path: 'example.com/com0' },
  { name: 'a tilde without digits', path: 'example.com/a~' },
  { name: 'a tilde with digits after the first dot', path: 'example.com/a.b~1' },
];

const INVALID = [
  { name: 'the empty text', path: '', reason: 'empty string' },
  { name: 'a lone surrogate', path: 'example.com/\ud800', reason: 'invalid UTF-8' },
  { name: 'a leading dash', path: '-x.com/a', reason: 'leading dash' },
  { name: 'a leading slash', path: '/example.com', reason: 'empty path element' },
  { name: 'a double slash', path: 'example.com//a', reason: 'double slash' },
  { name: 'a trailing slash', path: 'example.com/a/', reason: 'trailing slash' },
  { name: 'a dot element', path: 'example.com/./a', reason: 'invalid path element "."' },
  { name: 'a dot-dot element', path: 'example.com/..', reason: 'invalid path element ".."' },
  { name: 'a leading dot in an element', path: 'example.com/.git', reason: 'leading dot in path element' },
  { name: 'a trailing dot in an element', path: 'example.com/a.', reason: 'trailing dot in path element' },
  { name: 'no dot in the host', path: 'example/a', reason: 'missing dot in first path element' },
  { name: 'an upper-case host', path: 'Example.com/a', reason: "invalid char 'E' in first path element" },
  { name: 'an underscore in the host', path: 'a_b.com/a', reason: "invalid char '_' in first path element" },
  { name: 'a plus', path: 'example.com/a+b', reason: "invalid char '+'" },
  { name: 'an at sign', path: 'example.com/a@v1', reason: "invalid char '@'" },
  { name: 'an exclamation mark', path: 'example.com/!a', reason: "invalid char '!'" },
  { name: 'a colon', path: 'localhost:80/a', reason: "invalid char ':'" },
  { name: 'a single quote', path: "example.com/a'", reason: String.raw`invalid char '\''` },
  { name: 'a line break', path: 'example.com/a\n', reason: String.raw`invalid char '\n'` },
  { name: 'a letter outside of ASCII', path: 'example.com/é', reason: "invalid char 'é'" },
  { name: 'a character outside of the basic plane', path: 'example.com/😀', reason: "invalid char '😀'" },
  {
    name: 'a device name',
    path: 'example.com/aux',
    reason: '"aux" disallowed as path element component on Windows',
  },
  {
    name: 'a device name with an extension',
    path: 'example.com/Com1.x',
    reason: '"Com1" disallowed as path element component on Windows',
  },
  {
    name: 'a Windows short name',
    path: 'example.com/long~1',
    reason: 'trailing tilde and digits in path element',
  },
  { name: 'v1', path: 'example.com/m/v1', reason: 'invalid version' },
  { name: 'v0', path: 'example.com/m/v0', reason: 'invalid version' },
  { name: 'a leading zero in the version', path: 'example.com/m/v02', reason: 'invalid version' },
  { name: 'a dot in the version', path: 'example.com/m/v2.1', reason: 'invalid version' },
  { name: 'gopkg.in without a version', path: 'gopkg.in/yaml', reason: 'invalid version' },
  { name: 'gopkg.in with a version element', path: 'gopkg.in/yaml/v2', reason: 'invalid version' },
  { name: 'gopkg.in with a leading zero', path: 'gopkg.in/yaml.v01', reason: 'invalid version' },
  { name: 'gopkg.in with v0-unstable', path: 'gopkg.in/yaml.v0-unstable', reason: 'invalid version' },
];

const SPLITS = [
  { path: 'example.com/m', prefix: 'example.com/m', pathMajor: '' },
  { path: 'example.com/m/v2', prefix: 'example.com/m', pathMajor: '/v2' },
  { path: 'example.com/m/v10', prefix: 'example.com/m', pathMajor: '/v10' },
  { path: 'example.com/v2/v3', prefix: 'example.com/v2', pathMajor: '/v3' },
  { path: 'example.com/m.v2', prefix: 'example.com/m.v2', pathMajor: '' },
  { path: 'example.com/m2', prefix: 'example.com/m2', pathMajor: '' },
  { path: 'gopkg.in/yaml.v1', prefix: 'gopkg.in/yaml', pathMajor: '.v1' },
  { path: 'gopkg.in/yaml.v0', prefix: 'gopkg.in/yaml', pathMajor: '.v0' },
  { path: 'gopkg.in/u/yaml.v2-unstable', prefix: 'gopkg.in/u/yaml', pathMajor: '.v2-unstable' },
  { path: 'gopkg.in/yaml.v-unstable', prefix: 'gopkg.in/yaml', pathMajor: '.v-unstable' },
];

describe('parseModulePath', () => {
  it.each(VALID)('takes $name', ({ path }) => {
    expect(parseModulePath(path)).toBe(path);
    expect(checkModulePath(path)).toBeUndefined();
  });

  it.each(INVALID)('refuses $name', ({ path, reason }) => {
    expect(checkModulePath(path)).toBe(reason);
    expect(() => parseModulePath(path)).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }));
  });

  it('says which path is malformed and why', () => {
    expect(() => parseModulePath('-x')).toThrow('malformed module path "-x": leading dash');
  });

  it('never says it with control characters', () => {
    // eslint-disable-next-line no-control-regex
    expect(() => parseModulePath('a\u0000\u001b[0m\nb')).toThrow(/^[^\x00-\x1f]+$/);
  });
});

it('isModulePath agrees with what parseModulePath takes', () => {
  expect(VALID.every(({ path }) => isModulePath(path))).toBe(true);
  expect(
    ['', 'example', 'example.com/', '/example.com', 'example.com/v1', 'a b.com'].some(isModulePath),
  ).toBe(false);
});

describe('splitPathVersion', () => {
  it.each(SPLITS)('splits $path', ({ path, ...split }) => {
    expect(splitPathVersion(path)).toEqual(split);
  });

  it.each(INVALID.filter(({ reason }) => reason === 'invalid version'))('refuses $name', ({ path }) => {
    expect(splitPathVersion(path)).toBeUndefined();
  });

  it('gives parts that make up the path again', () => {
    fc.assert(
      fc.property(pathLike, (path) => {
        const split = splitPathVersion(path);
        expect(split === undefined ? path : split.prefix + split.pathMajor).toBe(path);
      }),
    );
  });
});

describe('pathMajorReason', () => {
  it.each([
    { version: 'v0.1.0', pathMajor: '' },
    { version: 'v1.2.3', pathMajor: '' },
    { version: 'v2.0.0+incompatible', pathMajor: '' },
    { version: 'v2.0.0', pathMajor: '/v2' },
    { version: 'v0.1.0', pathMajor: '.v0' },
    { version: 'v1.0.0', pathMajor: '.v1' },
    { version: 'v1.0.0', pathMajor: '.v1-unstable' },
    { version: 'v0.0.0-20161208181325-20d25e280405', pathMajor: '.v1' },
  ])('has nothing against $version with "$pathMajor"', ({ version, pathMajor }) => {
    expect(pathMajorReason(version, pathMajor)).toBeUndefined();
    expect(matchPathMajor(version, pathMajor)).toBe(true);
  });

  it.each([
    { version: 'v2.0.0', pathMajor: '', reason: 'should be v0 or v1, not v2' },
    { version: 'v2.0.0+meta', pathMajor: '', reason: 'should be v0 or v1, not v2' },
    { version: 'v1.0.0', pathMajor: '/v2', reason: 'should be v2, not v1' },
    { version: 'v3.0.0+incompatible', pathMajor: '/v2', reason: 'should be v2, not v3' },
    { version: 'v0.0.0-20161208181325-20d25e280405', pathMajor: '.v2', reason: 'should be v2, not v0' },
    { version: 'v0.1.0', pathMajor: '.v1', reason: 'should be v1, not v0' },
    { version: 'main', pathMajor: '', reason: 'should be v0 or v1, not ' },
  ])('refuses $version with "$pathMajor"', ({ version, pathMajor, reason }) => {
    expect(pathMajorReason(version, pathMajor)).toBe(reason);
    expect(matchPathMajor(version, pathMajor)).toBe(false);
  });
});

describe('pathMajorPrefix', () => {
  it.each([
    { pathMajor: '', major: '' },
    { pathMajor: '/v2', major: 'v2' },
    { pathMajor: '.v0', major: 'v0' },
    { pathMajor: '.v1-unstable', major: 'v1' },
  ])('of "$pathMajor" is "$major"', ({ pathMajor, major }) => {
    expect(pathMajorPrefix(pathMajor)).toBe(major);
  });

  it.each(['v2', '/x', '/v02', '/v2-unstable', '.v-unstable'])('fails for %s', (pathMajor) => {
    expect(() => pathMajorPrefix(pathMajor)).toThrow(RangeError);
  });
});

describe('hasPathPrefix', () => {
  it.each([
    { name: 'the path itself', path: 'a/b', prefix: 'a/b', expected: true },
    { name: 'leading elements', path: 'a/b/c', prefix: 'a/b', expected: true },
    { name: 'leading elements with a slash', path: 'a/b/c', prefix: 'a/b/', expected: true },
    { name: 'a part of an element', path: 'a/bc', prefix: 'a/b', expected: false },
    { name: 'something longer', path: 'a', prefix: 'a/b', expected: false },
    { name: 'other elements', path: 'a/c', prefix: 'a/b', expected: false },
    { name: 'nothing', path: 'a', prefix: '', expected: false },
  ])('is $expected for $name', ({ path, prefix, expected }) => {
    expect(hasPathPrefix(path, prefix)).toBe(expected);
  });
});
