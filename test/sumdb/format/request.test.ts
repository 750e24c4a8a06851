import { describe, expect, it } from 'vitest';
import { parseSumdbRequest, sumdbPath } from '../../../src/sumdb/format/request.js';

describe('parseSumdbRequest', () => {
  it.each([
    ['supported', { kind: 'supported' }],
    ['latest', { kind: 'latest' }],
    [
      'lookup/github.com/!foo/bar@v1.0.0',
      { kind: 'lookup', module: 'github.com/Foo/bar', version: 'v1.0.0' },
    ],
    ['lookup/a.b/c/v2@v2.0.0-!r!c.1', { kind: 'lookup', module: 'a.b/c/v2', version: 'v2.0.0-RC.1' }],
    ['tile/8/0/x001/234.p/17', { kind: 'tile', tile: { height: 8, level: 0, number: 1234, width: 17 } }],
    ['tile/8/data/000', { kind: 'tile', tile: { height: 8, level: -1, number: 0, width: 256 } }],
  ])('reads %s, and writes it again', (path, request) => {
    const read = parseSumdbRequest(path);
    expect(read).toEqual(request);
    expect(sumdbPath(read)).toBe(path);
  });

  it.each([
    '',
    'latest/',
    'Latest',
    'lookup',
    'tile',
    'tile/8/0',
    'tile/7/0/000',
    'tile/8/0/000.p/256',
    'tile/8/0/../000',
    'x',
  ])('has nothing at %j', (path) => {
    expect(() => parseSumdbRequest(path)).toThrow(
      expect.objectContaining({
        code: 'MODULE_NOT_FOUND',
        message: `not found: a checksum database has nothing at ${path}`,
      }) as Error,
    );
  });

  it.each([
    ['lookup/', 'INVALID_PATH'],
    ['lookup/a.b/c', 'INVALID_PATH'],
    ['lookup/@v1.0.0', 'INVALID_PATH'],
    ['lookup/../../etc@v1.0.0', 'INVALID_PATH'],
    ['lookup/github.com/Foo@v1.0.0', 'INVALID_PATH'],
    ['lookup/a.b/c@', 'INVALID_VERSION'],
    ['lookup/a.b/c@V1.0.0', 'INVALID_VERSION'],
    ['lookup/a.b/c@v1.0.0/../x', 'INVALID_VERSION'],
  ])('refuses %j: %s', (path, code) => {
    expect(() => parseSumdbRequest(path)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
