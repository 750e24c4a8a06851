import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { checkGoMod, parseInfo, versionPath } from '../../src/upstream/protocol.js';

const MODULE = parseModulePath('ex.test/Mod');
const pathOf = (version: string) => versionPath({ module: MODULE, version, kind: 'info' });

describe('versionPath', () => {
  it.each([
    ['v1.0.0', 'v1.0.0'],
    ['v1.0.0+incompatible', 'v1.0.0+incompatible'],
    ['Main', '!main'],
    ['fix#1', 'fix%231'],
    ['v1.0.0.info#x', 'v1.0.0.info%23x'],
    ['a%2f..%2fb', undefined],
    ['a%2fb', 'a%252fb'],
    ['ü', undefined],
    ['a;b', undefined],
    ['a=b,c', 'a=b%2Cc'],
  ])('of %s is %s', (version, element) => {
    if (element === undefined) expect(() => pathOf(version)).toThrow('invalid');
    else expect(pathOf(version)).toBe(`/ex.test/!mod/@v/${element}.info`);
  });

  it.each([
    '',
    'a b',
    'a..b',
    'a@{1}',
    'x.lock',
    '-x',
    '.x',
    'a~1',
    'a^',
    'a?b',
    'a*',
    'a\nb',
    'x'.repeat(300),
    'a/b',
  ])('is none for what git gives to no ref: %j', (version) => {
    expect(() => pathOf(version)).toThrow('invalid');
  });

  it('is one path below the module whatever the query, and means it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (version) => {
        let path: string;
        try {
          path = pathOf(version);
        } catch {
          return;
        }
        const url = new URL(`http://up.test${path}`);
        expect(url.pathname + url.search + url.hash).toBe(path);
        const back = decodeURIComponent(url.pathname.slice('/ex.test/!mod/@v/'.length, -'.info'.length));
        expect(back.replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase())).toBe(version);
      }),
    );
  });
});

describe('an .info from an upstream', () => {
  const COMMIT = 'a'.repeat(40);
  const info = (more: object) =>
    Buffer.from(JSON.stringify({ Version: 'v1.0.0', Time: '2024-01-01T00:00:00Z', ...more }));

  it.each([
    {},
    { Origin: null },
    { Time: undefined },
    { Time: null },
    { Origin: { VCS: 'git', URL: null, Hash: '' } },
    { Origin: { VCS: 'bzr', URL: 'https://ex.test/m', Hash: '87' } },
    { Origin: { VCS: 'svn', Hash: 'r12' } },
    { Origin: { VCS: 'git', URL: 'https://ex.test/m', Hash: COMMIT, Ref: 'refs/tags/v1.0.0', More: 1 } },
    { Time: '2024-01-01T00:00:00.5+01:00', Name: 'v1.0.0' },
  ])('is taken: %j', (more) => {
    expect(parseInfo(info(more), '/x').Version).toBe('v1.0.0');
  });

  it.each([
    { Version: 'main' },
    { Version: 1 },
    { Time: 'yesterday' },
    { Origin: 'git' },
    { Origin: { Hash: `${COMMIT}\n${COMMIT}:x` } },
    { Origin: { Hash: 'main' } },
    { Origin: { VCS: 'git', Hash: 'a'.repeat(12) } },
    { Origin: { VCS: 'svn', Hash: '1\n2' } },
    { Origin: { Ref: 'refs/heads/a\nb' } },
    { Origin: { URL: 'x'.repeat(2_000) } },
    { More: 'x'.repeat(70_000) },
  ])('is refused: %j', (more) => {
    expect(() => parseInfo(info(more), '/x')).toThrow(/unusable/);
  });

  it.each(['', '<html>', '[]', 'null', '"v1.0.0"', '{"Version":'])('is not %j', (text) => {
    expect(() => parseInfo(Buffer.from(text), '/x')).toThrow(/unusable/);
  });
});

describe('a go.mod from an upstream', () => {
  it.each(['module ex.test/m\n', 'module ex.test/other // moved\n\ngo 1.21\nnew-word x\n'])(
    'is taken: %j',
    async (text) => {
      await checkGoMod(Buffer.from(text), '/x');
    },
  );

  it.each([
    '',
    'down for maintenance\n',
    '<html>module x</html>',
    'module\n',
    'module m\nrequire (\n',
    'module m\0\n',
  ])('is refused: %j', async (text) => {
    await expect(checkGoMod(Buffer.from(text), '/x')).rejects.toThrow(/unusable/);
  });
});
