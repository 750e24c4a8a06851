import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  escapePath,
  escapeVersion,
  unescapePath,
  unescapeVersion,
  unescapedIfValid,
} from '../../src/module/escaping.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { modulePaths, versions } from '../support/arbitraries.js';

const PATHS = [
  { path: 'example.com/m', escaped: 'example.com/m' },
  { path: 'github.com/Azure/SDK', escaped: 'github.com/!azure/!s!d!k' },
  { path: 'example.com/aZ', escaped: 'example.com/a!z' },
];

describe('escapePath', () => {
  it.each(PATHS)('and unescapePath turn $path into $escaped and back', ({ path, escaped }) => {
    expect(escapePath(parseModulePath(path))).toBe(escaped);
    expect(unescapePath(escaped)).toBe(path);
  });

  it('is undone by unescapePath and has no upper case', () => {
    fc.assert(
      fc.property(modulePaths, (path) => {
        const escaped = escapePath(path);
        expect(unescapePath(escaped)).toBe(path);
        expect(escaped).toBe(escaped.toLowerCase());
      }),
    );
  });
});

describe('unescapePath', () => {
  it.each([
    {
      name: 'an upper-case letter',
      escaped: 'example.com/A',
      message: 'invalid escaped module path "example.com/A"',
    },
    {
      name: 'a trailing mark',
      escaped: 'example.com/a!',
      message: 'invalid escaped module path "example.com/a!"',
    },
    {
      name: 'a mark before an upper-case letter',
      escaped: 'example.com/!A',
      message: 'invalid escaped module path "example.com/!A"',
    },
    {
      name: 'a mark before a digit',
      escaped: 'example.com/!1',
      message: 'invalid escaped module path "example.com/!1"',
    },
    {
      name: 'two marks',
      escaped: 'example.com/!!a',
      message: 'invalid escaped module path "example.com/!!a"',
    },
    {
      name: 'a letter outside of ASCII',
      escaped: 'example.com/é',
      message: 'invalid escaped module path "example.com/é"',
    },
    {
      name: 'the escaped form of no module path',
      escaped: '!example.com',
      message:
        'invalid escaped module path "!example.com": malformed module path "Example.com": invalid char \'E\' in first path element',
    },
  ])('refuses $name', ({ escaped, message }) => {
    expect(() => unescapePath(escaped)).toThrow(expect.objectContaining({ code: 'INVALID_PATH', message }));
  });
});

describe('escapeVersion', () => {
  it.each([
    { name: 'a version', version: 'v1.2.3-RC1', escaped: 'v1.2.3-!r!c1' },
    { name: 'build metadata', version: 'v1.2.3+incompatible', escaped: 'v1.2.3+incompatible' },
    { name: 'a branch', version: 'Main', escaped: '!main' },
    { name: 'a leading dot', version: '.x', escaped: '.x' },
    { name: 'a space', version: 'a b', escaped: 'a b' },
    { name: 'a Windows short name', version: 'a~1', escaped: 'a~1' },
  ])('and unescapeVersion turn $name into its escaped form and back', ({ version, escaped }) => {
    expect(escapeVersion(version)).toBe(escaped);
    expect(unescapeVersion(escaped)).toBe(version);
  });

  it.each([
    { name: 'the empty text', version: '' },
    { name: 'a slash', version: 'feature/x' },
    { name: 'an exclamation mark', version: 'a!b' },
    { name: 'a letter outside of ASCII', version: 'é' },
    { name: 'a device name', version: 'nul' },
    { name: 'dots', version: '..' },
  ])('refuses $name', ({ version }) => {
    expect(() => escapeVersion(version)).toThrow(
      expect.objectContaining({
        code: 'INVALID_VERSION',
        message: `version "${version}" invalid: disallowed version string`,
      }),
    );
  });

  it('is undone by unescapeVersion', () => {
    fc.assert(
      fc.property(versions, (version) => {
        expect(unescapeVersion(escapeVersion(version))).toBe(version);
      }),
    );
  });
});

describe('unescapeVersion', () => {
  it.each([
    { name: 'an upper-case letter', escaped: 'v1.0.0-RC', message: 'invalid escaped version "v1.0.0-RC"' },
    { name: 'a trailing mark', escaped: 'v1!', message: 'invalid escaped version "v1!"' },
    { name: 'two marks', escaped: '!!', message: 'invalid escaped version "!!"' },
    { name: 'a letter outside of ASCII', escaped: 'é', message: 'invalid escaped version "é"' },
    { name: 'the empty text', escaped: '', message: 'invalid escaped version "": empty path element' },
    { name: 'dots', escaped: '..', message: 'invalid escaped version "..": invalid path element ".."' },
    {
      name: 'a trailing dot',
      escaped: 'a.',
      message: 'invalid escaped version "a.": trailing dot in path element',
    },
    { name: 'a slash', escaped: 'a/b', message: 'invalid escaped version "a/b": invalid char \'/\'' },
    {
      name: 'a line break',
      escaped: 'a\n',
      message: String.raw`invalid escaped version "a\n": invalid char '\n'`,
    },
    {
      name: 'an escaped device name',
      escaped: '!a!u!x.1',
      message: 'invalid escaped version "AUX.1": "AUX" disallowed as path element component on Windows',
    },
  ])('refuses $name', ({ escaped, message }) => {
    expect(() => unescapeVersion(escaped)).toThrow(
      expect.objectContaining({ code: 'INVALID_VERSION', message }),
    );
  });
});

describe('unescapedIfValid', () => {
  it('is undefined for what is not an escaped path or version, and hides no other error', () => {
    expect(unescapedIfValid(() => unescapePath('example.com/!m'))).toBe('example.com/M');
    expect(unescapedIfValid(() => unescapePath('example.com/M'))).toBeUndefined();
    expect(unescapedIfValid(() => unescapeVersion('a/b'))).toBeUndefined();
    const fault = new Error('a fault');
    expect(() =>
      unescapedIfValid(() => {
        throw fault;
      }),
    ).toThrow(fault);
  });
});
