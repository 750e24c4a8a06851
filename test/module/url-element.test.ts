import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapePath, escapeVersion } from '../../src/module/escaping.js';
import { parseModule, parseVersion } from '../../src/module/url-element.js';
import { canonicalVersions, modulePaths } from '../support/arbitraries.js';

describe('parseModule', () => {
  it('reads every module path as go escapes it', () => {
    fc.assert(
      fc.property(modulePaths, (module) => {
        expect(parseModule(escapePath(module))).toBe(module);
      }),
    );
  });

  it.each(['a.example/Foo', 'a.example/!1', 'a.example/!', '', 'a.example//b', 'a.example/..'])(
    'refuses %j',
    (path) => {
      expect(() => parseModule(path)).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }) as Error);
    },
  );

  it('takes elements of 200 characters, escaped, and no longer ones', () => {
    expect(parseModule(`a.example/${'x'.repeat(200)}`)).toHaveLength(210);
    expect(parseModule(`a.example/${'!x'.repeat(100)}`)).toHaveLength(110);
    expect(() => parseModule(`a.example/${'x'.repeat(201)}`)).toThrow('longer than 200 characters');
    expect(() => parseModule(`a.example/${'!x'.repeat(101)}`)).toThrow('longer than 200 characters');
  });
});

describe('parseVersion', () => {
  it('reads every version as go escapes it', () => {
    fc.assert(
      fc.property(canonicalVersions, (version) => {
        const escaped = escapeVersion(version);
        fc.pre(escaped.length <= 200);
        expect(parseVersion(escaped)).toBe(version);
      }),
    );
  });

  it.each([
    ['-x', 'leading dash'],
    ['x'.repeat(201), 'longer than 200 characters'],
    ['V1.0.0', 'version'],
    ['', 'version'],
  ])('refuses %j', (text, words) => {
    expect(() => parseVersion(text)).toThrow(words);
    expect(() => parseVersion(text)).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }) as Error);
  });
});
