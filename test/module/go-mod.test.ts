import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { inSlices } from '../../src/concurrency/slices.js';
import {
  goLanguageVersion,
  goModModulePath,
  isGo124OrLater,
  isRetracted,
  parseGoMod,
  readGoMod,
  synthesizeGoMod,
} from '../../src/module/go-mod.js';
import * as semver from '../../src/module/semver.js';
import { modulePaths } from '../support/arbitraries.js';

describe('goModModulePath', () => {
  it.each([
    { name: 'a plain line', text: 'module example.com/m\n', path: 'example.com/m' },
    { name: 'no line break at the end', text: 'module example.com/m', path: 'example.com/m' },
    { name: 'spaces and tabs around it', text: ' \tmodule\t example.com/m \t\r\n', path: 'example.com/m' },
    {
      name: 'spaces outside of ASCII',
      text: '\u0085module\u00a0example.com/m\u3000\n',
      path: 'example.com/m',
    },
    { name: 'a comment behind it', text: 'module example.com/m//c\n', path: 'example.com/m' },
    { name: 'a line that is a comment', text: '// module a\nmodule b\n', path: 'b' },
    { name: 'nonsense before it', text: 'x ( "\n/* module a */\nmodule b\n', path: 'b' },
    { name: 'a second module line', text: 'module a\nmodule b\n', path: 'a' },
    { name: 'a word that begins with module', text: 'modules a\nmodule b\n', path: 'b' },
    { name: 'module alone', text: 'module\nmodule //\nmodule b\n', path: 'b' },
    { name: 'a quote right behind module', text: 'module"a"\nmodule b\n', path: 'b' },
    { name: 'a quoted path', text: 'module "a\\x2fb"\n', path: 'a/b' },
    { name: 'a raw path', text: 'module `a\\x2fb`\n', path: 'a\\x2fb' },
    { name: 'words behind the path', text: 'module a b\n', path: 'a b' },
    { name: 'a block', text: 'module (\n\texample.com/m\n)\n', path: '(' },
    { name: 'a malformed quoted path before a good one', text: 'module "a\nmodule b\n', path: '' },
    { name: 'two slashes in a quoted path', text: 'module "a//b"\n', path: '' },
    { name: 'a byte-order mark', text: '\ufeffmodule a\n', path: '' },
    { name: 'no module line', text: 'go 1.24\n', path: '' },
    { name: 'nothing', text: '', path: '' },
  ])('reads $name', ({ text, path }) => {
    expect(goModModulePath(Buffer.from(text))).toBe(path);
  });

  it('does not take a stray byte for a space', () => {
    expect(goModModulePath(Buffer.from('module a\xa0\n', 'latin1'))).toBe('a\ufffd');
  });
});

describe('parseGoMod', () => {
  it('reads the go line and the retractions of a real file', () => {
    const text = [
      '// Package comment.',
      'module example.com/m/v2 // Deprecated: use v3.',
      '',
      'go 1.24.3',
      'toolchain go1.25.0',
      '',
      'require (',
      '\texample.com/a v1.2.3 // indirect',
      '\t// a comment',
      '',
      '\t"example.com/b/v3" v3.0.0',
      ')',
      'require gopkg.in/yaml.v1 v0.0.0-20161208181325-20d25e280405',
      'replace example.com/a => ../a',
      'retract v2.0.1 // typo',
      'retract (',
      '\t[v2.1.0, v2.1.9]',
      '\t"v2.2.0"',
      ')',
      'tool example.com/a/cmd',
      'ignore ./testdata',
    ].join('\r\n');
    expect(parseGoMod(Buffer.from(text))).toEqual({
      go: '1.24.3',
      retract: [
        { low: 'v2.0.1', high: 'v2.0.1' },
        { low: 'v2.1.0', high: 'v2.1.9' },
        { low: 'v2.2.0', high: 'v2.2.0' },
      ],
    });
  });

  it.each([
    { name: 'an empty file', text: '' },
    { name: 'unknown directives', text: 'foo bar ( baz\nfuture "x" `y`\n' },
    { name: 'unknown blocks', text: 'future (\n\ta b\n)\nretract now (\n\tv1.0.0\n)\n' },
    { name: 'a block of go lines', text: 'go (\n\t1.24\n)\n' },
    { name: 'an empty block', text: 'require ()\n' },
    { name: 'a broken replace line', text: 'replace a\n' },
    { name: 'a broken toolchain line', text: 'toolchain x y\n' },
    { name: 'no module line', text: 'require example.com/a v1.0.0\n' },
    { name: 'a shorthand version', text: 'require example.com/a v1\n' },
    { name: 'build metadata', text: 'require example.com/a v1.0.0+meta\n' },
    { name: 'an escaped line break in a string that is not read', text: 'x "a\\\nb"\n' },
    { name: 'bytes that are not UTF-8', text: Buffer.from('x \xff\xc3\n', 'latin1') },
    {
      name: 'retractions of another kind',
      text: 'retract\nretract [v1, v2)\nretract [v1 v2]\nretract (v1\nretract "\\z"\n',
    },
  ])('has nothing to say about $name', ({ text }) => {
    expect(parseGoMod(Buffer.from(text))).toEqual({ go: undefined, retract: [] });
  });

  it.each([
    { name: 'a language version', line: 'go 1.21', go: '1.21' },
    { name: 'a release', line: 'go 1.21.3', go: '1.21.3' },
    { name: 'a release candidate', line: 'go 1.21rc2', go: '1.21rc2' },
    { name: 'a candidate of a patch release', line: 'go 1.21.3rc1', go: '1.21.3rc1' },
    { name: 'more than this version of Go knows', line: 'go 1.21.x', go: '1.21' },
    { name: 'a leading v and more', line: 'go v1.21-custom', go: '1.21' },
    { name: 'a comment behind it', line: 'go 1.21//x', go: '1.21' },
  ])('reads $name', ({ line, go }) => {
    expect(parseGoMod(Buffer.from(`${line}\n`)).go).toBe(go);
  });

  it.each([
    { name: 'a single version', line: 'retract v1.0.0', low: 'v1.0.0', high: 'v1.0.0' },
    { name: 'an interval', line: 'retract [v1.0.0,v1.9.0]', low: 'v1.0.0', high: 'v1.9.0' },
    { name: 'a shorthand, as written', line: 'retract [v1, v1.9]', low: 'v1', high: 'v1.9' },
    { name: 'words behind it', line: 'retract v1.0.0 because', low: 'v1.0.0', high: 'v1.0.0' },
    {
      name: 'what is not a version, as written',
      line: 'retract everything',
      low: 'everything',
      high: 'everything',
    },
  ])('takes the retraction of $name', ({ line, low, high }) => {
    expect(parseGoMod(Buffer.from(`${line}\n`)).retract).toEqual([{ low, high }]);
  });

  it.each([
    {
      name: 'a byte-order mark',
      text: '\ufeffmodule a\n',
      reason: String.raw`go.mod:1: unexpected input character '\ufeff'`,
    },
    {
      name: 'a control character',
      text: 'module a\n\u0000',
      reason: String.raw`go.mod:2: unexpected input character '\x00'`,
    },
    {
      name: 'a space outside of ASCII',
      text: 'x a\u00a0b\n',
      reason: String.raw`go.mod:1:4: unexpected input character '\u00a0'`,
    },
    {
      name: 'a C comment',
      text: 'x /* c */\n',
      reason: 'go.mod:1:3: mod files must use // comments (not /* */ comments)',
    },
    {
      name: 'a C comment in a word',
      text: 'x a/*\n',
      reason: 'go.mod:1:4: mod files must use // comments (not /* */ comments)',
    },
    { name: 'a string without end', text: 'x "a', reason: 'go.mod:1:3: unexpected EOF in string' },
    {
      name: 'a string that ends in a backslash',
      text: 'x "a\\',
      reason: 'go.mod:1:3: unexpected EOF in string',
    },
    { name: 'a line break in a string', text: 'x "a\n', reason: 'go.mod:1:5: unexpected newline in string' },
    {
      name: 'a line break in a raw string',
      text: 'x `a\\\n`',
      reason: 'go.mod:1:6: unexpected newline in string',
    },
    {
      name: 'a block without end',
      text: 'module a\n\nx (\n\ta\n',
      reason: 'go.mod:5: syntax error (unterminated block started at go.mod:3:1)',
    },
    {
      name: 'a word behind a block',
      text: 'x (\n) y\n',
      reason: 'go.mod:2:4: syntax error (expected newline after closing paren)',
    },
    { name: 'a second go line', text: 'go 1.20\ngo 1.21\n', reason: 'go.mod:2: repeated go statement' },
    {
      name: 'a go line without a version',
      text: 'go\n',
      reason: 'go.mod:1: go directive expects exactly one argument',
    },
    {
      name: 'a go line with two versions',
      text: 'go 1.20 1.21\n',
      reason: 'go.mod:1: go directive expects exactly one argument',
    },
    {
      name: 'a go version without a minor',
      text: 'go 1\n',
      reason: "go.mod:1: invalid go version '1': must match format 1.23.0",
    },
    {
      name: 'a go version that only adds a v',
      text: 'go v1.21\n',
      reason: "go.mod:1: invalid go version 'v1.21': must match format 1.23.0",
    },
    {
      name: 'a go version with a leading zero',
      text: 'go 1.021\n',
      reason: "go.mod:1: invalid go version '1.021': must match format 1.23.0",
    },
    {
      name: 'a go version in a string of two lines',
      text: 'go "\\\n"\n',
      reason: String.raw`go.mod:1: invalid go version '"\\n"': must match format 1.23.0`,
    },
    {
      name: 'a second module line',
      text: 'module a\nmodule b\n',
      reason: 'go.mod:2: repeated module statement',
    },
    {
      name: 'two paths in a module block',
      text: 'module (\n\ta\n\tb\n)\n',
      reason: 'go.mod:3:2: repeated module statement',
    },
    { name: 'a module line without a path', text: 'module\n', reason: 'go.mod:1: usage: module module/path' },
    {
      name: 'a module line with two paths',
      text: 'module a b\n',
      reason: 'go.mod:1: usage: module module/path',
    },
    {
      name: 'a raw module path',
      text: 'module `a`\n',
      reason: 'go.mod:1: invalid quoted string: unquoted string cannot contain quote',
    },
    {
      name: 'a malformed module path string',
      text: 'module "\\z"\n',
      reason: 'go.mod:1: invalid quoted string: invalid syntax',
    },
    {
      name: 'an ignore line with two paths',
      text: 'ignore a b\n',
      reason: 'go.mod:1: ignore directive expects exactly one argument',
    },
    {
      name: 'a malformed ignore string',
      text: "ignore 'a'\n",
      reason: 'go.mod:1: invalid quoted string: unquoted string cannot contain quote',
    },
    {
      name: 'a require line without a version',
      text: 'require a\n',
      reason: 'go.mod:1: usage: require module/path v1.2.3',
    },
    {
      name: 'a require line with a third word',
      text: 'require a v1.0.0 x\n',
      reason: 'go.mod:1: usage: require module/path v1.2.3',
    },
    {
      name: 'a malformed path in a require line',
      text: 'require a"b" v1.0.0\n',
      reason: 'go.mod:1: invalid quoted string: unquoted string cannot contain quote',
    },
    {
      name: 'a malformed version string',
      text: 'require a "\\z"\n',
      reason: String.raw`go.mod:1: require a: version "\"\\z\"" invalid: invalid syntax`,
    },
    {
      name: 'a required branch',
      text: 'require a main\n',
      reason: 'go.mod:1: require a: version "main" invalid: must be of the form v1.2.3',
    },
    {
      name: 'a required major version in the path',
      text: 'require a/v1 v1.0.0\n',
      reason: 'go.mod:1: invalid module path',
    },
    {
      name: 'a required version of another major',
      text: 'require (\n\ta/v2 v3\n)\n',
      reason: 'go.mod:2:2: require a/v2: version "v3.0.0" invalid: should be v2, not v3',
    },
  ])('refuses $name', ({ text, reason }) => {
    expect(() => parseGoMod(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'MODULE_INVALID', message: 'cannot parse go.mod', reason }),
    );
  });
});

describe('synthesizeGoMod', () => {
  it('writes a file that declares the path and parses', () => {
    fc.assert(
      fc.property(modulePaths, (path) => {
        const text = synthesizeGoMod(path);
        expect(text.toString()).toBe(`module ${path}\n`);
        expect(goModModulePath(text)).toBe(path);
        expect(parseGoMod(text)).toEqual({ go: undefined, retract: [] });
      }),
    );
  });
});

describe('goLanguageVersion', () => {
  it.each([
    { go: undefined, lang: '' },
    { go: '1.24', lang: '1.24' },
    { go: '1.24.3', lang: '1.24' },
    { go: '1.24rc1', lang: '1.24' },
    { go: '1.24beta', lang: '1.24' },
    { go: '1', lang: '1' },
    { go: '1.0', lang: '1' },
    { go: '2', lang: '2.0' },
    { go: '1.24-custom', lang: '1.24' },
    { go: '1.24.3rc1', lang: '' },
    { go: '1.024', lang: '' },
    { go: '1.24rc01', lang: '' },
    { go: '1.24.', lang: '' },
    { go: 'x', lang: '' },
    { go: '', lang: '' },
  ])('of $go is "$lang"', ({ go, lang }) => {
    expect(goLanguageVersion(go)).toBe(lang);
  });
});

describe('isGo124OrLater', () => {
  it.each([
    { lang: '', expected: false },
    { lang: '1', expected: false },
    { lang: '1.9', expected: false },
    { lang: '1.23', expected: false },
    { lang: '1.24', expected: true },
    { lang: '1.100', expected: true },
    { lang: '2.0', expected: true },
  ])('is $expected for "$lang"', ({ lang, expected }) => {
    expect(isGo124OrLater(lang)).toBe(expected);
  });
});

describe('isRetracted', () => {
  it('says the same as one interval after the other would', () => {
    const version = fc.oneof(
      fc.tuple(fc.nat(4), fc.nat(4)).map(([minor, patch]) => `v1.${minor}.${patch}`),
      fc.constantFrom('', 'x', 'v1', 'v1.2', 'v1.2.0-rc.1', 'v2.0.0+incompatible'),
    );
    const intervals = fc.array(fc.record({ low: version, high: version }), { maxLength: 6 });
    fc.assert(
      fc.property(intervals, version, (some, asked) => {
        const isInOne = some.some(
          ({ low, high }) => semver.compare(low, asked) <= 0 && semver.compare(asked, high) <= 0,
        );
        expect(isRetracted(some, asked)).toBe(isInOne);
      }),
    );
  });

  it('looks up 10,000 versions in 10,000 intervals', () => {
    const some = Array.from({ length: 10_000 }, (_, i) => ({ low: `v1.${i}.0`, high: `v1.${i}.1` }));
    const start = process.cpuUsage();
    for (let i = 0; i < 10_000; i += 1) expect(isRetracted(some, `v1.${i}.${i % 3}`)).toBe(i % 3 !== 2);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2_000);
  });
});

describe('readGoMod', () => {
  it('reads a go.mod line by line, and tells a mistake in the syntax first', async () => {
    const lines = 'require a.test/b v1.0.0\n'.repeat(30_000);
    let turns = 0;
    const turning = setInterval(() => (turns += 1), 0);
    const { go } = await inSlices(readGoMod(Buffer.from(`module m\n${lines}go 1.21\n`)));
    clearInterval(turning);
    expect(go).toBe('1.21');
    expect(turns).toBeGreaterThan(2);
    const twice = Buffer.from('go 1.21\ngo 1.21\nrequire (\n');
    await expect(inSlices(readGoMod(twice))).rejects.toMatchObject({
      reason: 'go.mod:4: syntax error (unterminated block started at go.mod:3:1)',
    });
  });
});
