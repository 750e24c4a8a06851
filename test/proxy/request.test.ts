import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isModhavenError } from '../../src/errors.js';
import { escapePath, escapeVersion } from '../../src/module/escaping.js';
import { decodePath, isVersionPage, parseProxyRequest, type ProxyRequest } from '../../src/proxy/request.js';
import { canonicalVersions, modulePaths } from '../support/arbitraries.js';

/** The request, or the code of the refusal. */
function parse(rawPath: string): ProxyRequest | undefined | string {
  try {
    return parseProxyRequest(rawPath);
  } catch (error) {
    if (isModhavenError(error)) return error.code;
    throw error;
  }
}

const ROWS: { name: string; path: string; is: unknown }[] = [
  { name: 'a list', path: '/ex.com/a/@v/list', is: { kind: 'list', module: 'ex.com/a' } },
  { name: 'the latest version', path: '/ex.com/a/@latest', is: { kind: 'latest', module: 'ex.com/a' } },
  {
    name: 'an info',
    path: '/ex.com/a/v2/@v/v2.0.0.info',
    is: { kind: 'info', module: 'ex.com/a/v2', version: 'v2.0.0' },
  },
  {
    name: 'a go.mod',
    path: '/ex.com/a/@v/v1.0.0.mod',
    is: { kind: 'mod', module: 'ex.com/a', version: 'v1.0.0' },
  },
  {
    name: 'a zip',
    path: '/ex.com/a/@v/v1.0.0.zip',
    is: { kind: 'zip', module: 'ex.com/a', version: 'v1.0.0' },
  },
  {
    name: 'capitals behind exclamation marks',
    path: '/ex.com/!big!corp/@v/v1.0.0-!r!c1.info',
    is: { kind: 'info', module: 'ex.com/BigCorp', version: 'v1.0.0-RC1' },
  },
  {
    name: 'exclamation marks percent-encoded, as go sends them',
    path: '/ex.com/%21big/@v/v1.0.0-%21r.info',
    is: { kind: 'info', module: 'ex.com/Big', version: 'v1.0.0-R' },
  },
  {
    name: 'a plus sign, bare',
    path: '/ex.com/a/@v/v2.0.0+incompatible.zip',
    is: { kind: 'zip', module: 'ex.com/a', version: 'v2.0.0+incompatible' },
  },
  {
    name: 'a plus sign, percent-encoded',
    path: '/ex.com/a/@v/v2.0.0%2Bincompatible.zip',
    is: { kind: 'zip', module: 'ex.com/a', version: 'v2.0.0+incompatible' },
  },
  {
    name: 'an at sign, percent-encoded',
    path: '/ex.com/a/%40v/list',
    is: { kind: 'list', module: 'ex.com/a' },
  },
  {
    name: 'a branch',
    path: '/ex.com/a/@v/main.info',
    is: { kind: 'info', module: 'ex.com/a', version: 'main' },
  },
  {
    name: 'a branch with the name of an ending',
    path: '/ex.com/a/@v/x.zip.info',
    is: { kind: 'info', module: 'ex.com/a', version: 'x.zip' },
  },
  {
    name: 'a branch named list',
    path: '/ex.com/a/@v/list.info',
    is: { kind: 'info', module: 'ex.com/a', version: 'list' },
  },
  {
    name: 'letters of other scripts in a branch',
    path: '/ex.com/a/@v/%E6%97%A5.info',
    is: 'INVALID_VERSION',
  },

  { name: 'no GOPROXY request: the root', path: '/', is: undefined },
  { name: 'no GOPROXY request: a package', path: '/ex.com/a/b', is: undefined },
  { name: 'no GOPROXY request: an at sign elsewhere', path: '/ex.com/a@b', is: undefined },
  { name: 'no GOPROXY request: a version in a page', path: '/ex.com/a@1.0.0', is: undefined },

  { name: 'two dots', path: '/ex.com/../@v/list', is: 'INVALID_PATH' },
  { name: 'two dots at the start', path: '/../../etc/passwd/@v/list', is: 'INVALID_PATH' },
  { name: 'two dots after @v', path: '/ex.com/a/@v/../../../etc/passwd.info', is: 'INVALID_PATH' },
  { name: 'two dots as the version', path: '/ex.com/a/@v/...info', is: 'INVALID_VERSION' },
  { name: 'one dot', path: '/ex.com/./a/@v/list', is: 'INVALID_PATH' },
  { name: 'encoded dots', path: '/ex.com/%2e%2e/@v/list', is: 'INVALID_PATH' },
  { name: 'encoded dots, capitals', path: '/ex.com/%2E%2E/@v/list', is: 'INVALID_PATH' },
  { name: 'one encoded dot', path: '/ex.com/.%2e/@v/list', is: 'INVALID_PATH' },
  { name: 'encoded dots in a version', path: '/ex.com/a/@v/%2e%2e.info', is: 'INVALID_PATH' },
  { name: 'an encoded slash', path: '/ex.com%2fa/@v/list', is: 'INVALID_PATH' },
  { name: 'an encoded slash before @v', path: '/ex.com/a%2F@v/list', is: 'INVALID_PATH' },
  { name: 'an encoded slash after @v', path: '/ex.com/a/@v%2flist', is: 'INVALID_PATH' },
  { name: 'an encoded slash in a version', path: '/ex.com/a/@v/feature%2Fx.info', is: 'INVALID_PATH' },
  { name: 'an encoded backslash', path: '/ex.com/a/@v/..%5c..%5cx.info', is: 'INVALID_PATH' },
  { name: 'a backslash', path: '/ex.com\\a/@v/list', is: 'INVALID_PATH' },
  { name: 'a NUL', path: '/ex.com/a%00/@v/list', is: 'INVALID_PATH' },
  { name: 'a NUL in a version', path: '/ex.com/a/@v/v1.0.0%00.info', is: 'INVALID_PATH' },
  { name: 'a line break', path: '/ex.com/a%0a/@v/list', is: 'INVALID_PATH' },
  { name: 'a line break in a version', path: '/ex.com/a/@v/v1%0d%0a.info', is: 'INVALID_PATH' },
  { name: 'a space', path: '/ex.com/a%20b/@v/list', is: 'INVALID_PATH' },
  { name: 'double encoding', path: '/ex.com/%252e%252e/@v/list', is: 'INVALID_PATH' },
  { name: 'a double encoded capital mark', path: '/ex.com/%2521a/@v/list', is: 'INVALID_PATH' },
  { name: 'half an encoding', path: '/ex.com/a%/@v/list', is: 'INVALID_PATH' },
  { name: 'an encoding that is none', path: '/ex.com/a%zz/@v/list', is: 'INVALID_PATH' },
  { name: 'bytes that are not UTF-8', path: '/ex.com/%ff/@v/list', is: 'INVALID_PATH' },
  { name: 'an overlong encoding of a slash', path: '/ex.com/a%c0%af/@v/list', is: 'INVALID_PATH' },
  { name: 'half a surrogate pair', path: '/ex.com/%ed%a0%80/@v/list', is: 'INVALID_PATH' },
  { name: 'a leading dash', path: '/-ex.com/a/@v/list', is: 'INVALID_PATH' },
  { name: 'an option as module', path: '/--upload-pack=x/@v/list', is: 'INVALID_PATH' },
  { name: 'an option as version', path: '/ex.com/a/@v/--output=x.info', is: 'INVALID_VERSION' },
  { name: 'a version that is a dash', path: '/ex.com/a/@v/-.info', is: 'INVALID_VERSION' },
  { name: 'a capital without its mark', path: '/ex.com/A/@v/list', is: 'INVALID_PATH' },
  {
    name: 'a capital without its mark in a version',
    path: '/ex.com/a/@v/V1.0.0.info',
    is: 'INVALID_VERSION',
  },
  { name: 'a mark before a capital', path: '/ex.com/!A/@v/list', is: 'INVALID_PATH' },
  { name: 'a mark before a capital in a version', path: '/ex.com/a/@v/v1-!R.info', is: 'INVALID_VERSION' },
  { name: 'a mark before a digit', path: '/ex.com/!1/@v/list', is: 'INVALID_PATH' },
  { name: 'a mark before a slash', path: '/ex.com/a!/@v/list', is: 'INVALID_PATH' },
  { name: 'two marks', path: '/ex.com/!!a/@v/list', is: 'INVALID_PATH' },
  { name: 'a mark at the end of a version', path: '/ex.com/a/@v/v1!.info', is: 'INVALID_VERSION' },
  { name: 'another @V', path: '/ex.com/a/@V/list', is: 'INVALID_PATH' },
  { name: 'another @Latest', path: '/ex.com/a/@Latest', is: 'INVALID_PATH' },
  { name: 'no module', path: '/@v/list', is: 'INVALID_PATH' },
  { name: 'no module, two slashes', path: '//@v/list', is: 'INVALID_PATH' },
  { name: 'no module, latest', path: '/@latest', is: 'INVALID_PATH' },
  { name: 'no version', path: '/ex.com/a/@v/.info', is: 'INVALID_VERSION' },
  { name: 'nothing after @v', path: '/ex.com/a/@v/', is: 'INVALID_PATH' },
  { name: 'no slash after @v', path: '/ex.com/a/@v', is: 'INVALID_PATH' },
  { name: 'no slash before @v', path: '/ex.com/a@v/list', is: 'INVALID_PATH' },
  { name: 'a slash after the list', path: '/ex.com/a/@v/list/', is: 'INVALID_PATH' },
  { name: 'a slash after an info', path: '/ex.com/a/@v/v1.0.0.info/', is: 'INVALID_PATH' },
  { name: 'a slash after latest', path: '/ex.com/a/@latest/', is: 'INVALID_PATH' },
  { name: 'a double slash', path: '/ex.com//a/@v/list', is: 'INVALID_PATH' },
  { name: 'a double slash before @v', path: '/ex.com/a//@v/list', is: 'INVALID_PATH' },
  { name: 'a double slash at the start', path: '//ex.com/a/@v/list', is: 'INVALID_PATH' },
  { name: 'an unknown ending', path: '/ex.com/a/@v/v1.0.0.tar', is: 'INVALID_PATH' },
  { name: 'the hash, which is for us alone', path: '/ex.com/a/@v/v1.0.0.ziphash', is: 'INVALID_PATH' },
  { name: 'an ending in capitals', path: '/ex.com/a/@v/v1.0.0.INFO', is: 'INVALID_PATH' },
  { name: 'no ending', path: '/ex.com/a/@v/v1.0.0', is: 'INVALID_PATH' },
  { name: '@v twice', path: '/ex.com/a/@v/b/@v/list', is: 'INVALID_PATH' },
  { name: 'latest after @v', path: '/ex.com/a/@v/@latest', is: 'INVALID_PATH' },
  { name: 'a slash in a version', path: '/ex.com/a/@v/feature/x.info', is: 'INVALID_VERSION' },
  { name: 'a device of Windows as version', path: '/ex.com/a/@v/aux.info', is: 'INVALID_VERSION' },
  {
    name: 'a temporary file of the store',
    path: '/ex.com/a/@v/.tmp-1-ab.zip',
    is: { kind: 'zip', module: 'ex.com/a', version: '.tmp-1-ab' },
  },
  { name: 'a path that is too long', path: `/ex.com/${'a/'.repeat(1100)}@v/list`, is: 'INVALID_PATH' },
  { name: 'an element that is too long', path: `/ex.com/${'a'.repeat(201)}/@v/list`, is: 'INVALID_PATH' },
  {
    name: 'an element that is too long as a file name',
    path: `/ex.com/${'!a'.repeat(150)}/@v/list`,
    is: 'INVALID_PATH',
  },
  {
    name: 'a version that is too long',
    path: `/ex.com/a/@v/v1.0.0-${'a'.repeat(201)}.info`,
    is: 'INVALID_VERSION',
  },
];

describe('parseProxyRequest', () => {
  it.each(ROWS)('reads $name', ({ path, is }) => {
    expect(parse(path)).toEqual(is);
  });

  it('reads back every module and version', () => {
    fc.assert(
      fc.property(
        modulePaths,
        canonicalVersions,
        fc.constantFrom('info' as const, 'mod' as const, 'zip' as const),
        fc.boolean(),
        (module, version, kind, encode) => {
          const raw = `/${escapePath(module)}/@v/${escapeVersion(version)}.${kind}`;
          fc.pre(escapeVersion(version).length <= 200);
          const path = encode ? raw.replaceAll('!', '%21').replaceAll('+', '%2B') : raw;
          expect(parse(path)).toEqual({ kind, module, version });
        },
      ),
    );
  });

  it('gives nothing that could leave a folder or become an option, whatever is sent', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '/',
        '%2e',
        '%2f',
        '%00',
        '%25',
        '-',
        '!',
        '@v/',
        '@latest',
        '.info',
        '\\',
        'A',
        '%5c',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom('ex.com', 'a', 'v1.0.0'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        for (const path of [
          `/${parts.join('')}`,
          `/ex.com/${parts.join('')}/@v/list`,
          `/ex.com/a/@v/${parts.join('')}.info`,
        ]) {
          const request = parse(path);
          if (request === undefined || typeof request === 'string') continue;
          const words = [request.module, ...('version' in request ? [request.version] : [])];
          for (const word of words) {
            expect(word).toMatch(/^[^-/\\]/);
            expect(word.split('/').some((element) => /^\.*$/.test(element))).toBe(false);
            // eslint-disable-next-line no-control-regex -- none may come through
            expect(word).not.toMatch(/[\x00-\x1f\x7f\\]/);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

it.each([
  ['/ex.com/a@v1.0.0', true],
  ['/ex.com/a@latest', true],
  ['/ex.com/a/@latest', false],
  ['/ex.com/a/@v/list', false],
  ['/@latest', false],
  ['/ex.com/a', false],
])('%s is a page about a version: %s', (path, is) => {
  expect(isVersionPage(path)).toBe(is);
});

describe('decodePath', () => {
  it('decodes once', () => {
    expect(decodePath('/a%20b/%2541')).toBe('/a b/%41');
  });

  it.each([
    '/%2e',
    '/%2E',
    '/%2f',
    '/%2F',
    '/%5c',
    '/%5C',
    '/%00',
    '/%',
    '/%f',
    '/%ff',
    `/${'a'.repeat(2048)}`,
  ])('refuses %.20s', (path) => {
    expect(() => decodePath(path)).toThrow('malformed path');
  });
});
