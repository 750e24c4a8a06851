import { describe, expect, it } from 'vitest';
import {
  findModuleRoot,
  placeModule,
  type ModuleRoot,
} from '../../../src/modfetch/repository/module-root.js';
import { parseModulePath } from '../../../src/module/module-path.js';

const place = (path: string, root: string, subdir = '') => placeModule(parseModulePath(path), root, subdir);

describe('placeModule', () => {
  it.each<
    [path: string, root: string, subdir: string, codeDir: string, pathPrefix: string, pathMajor: string]
  >([
    ['ex.com/m', 'ex.com/m', '', '', 'ex.com/m', ''],
    ['ex.com/m/v2', 'ex.com/m', '', '', 'ex.com/m', '/v2'],
    ['ex.com/m/sub', 'ex.com/m', '', 'sub', 'ex.com/m/sub', ''],
    ['ex.com/m/a/b/v3', 'ex.com/m', '', 'a/b', 'ex.com/m/a/b', '/v3'],
    ['ex.com/m/v2', 'ex.com/m/v2', '', '', 'ex.com/m/v2', '/v2'],
    ['gopkg.in/x.v2', 'gopkg.in/x.v2', '', '', 'gopkg.in/x.v2', '.v2'],
    // go joins the two in this order (codehost of a go-import line with a subdirectory)
    ['ex.com/m', 'ex.com/m', 'src/go', 'src/go', 'ex.com/m', ''],
    ['ex.com/m/v2', 'ex.com/m', 'src', 'src', 'ex.com/m', '/v2'],
  ])('%s in a repository at %s (%j)', (path, root, subdir, codeDir, pathPrefix, pathMajor) => {
    expect(place(path, root, subdir)).toEqual({ path, root, codeDir, pathPrefix, pathMajor });
  });

  it.each(['ex.com/other', 'ex.com/mm', 'ex.com'])('refuses %s in a repository at ex.com/m', (path) => {
    expect(() => placeModule(path as never, 'ex.com/m', '')).toThrow(
      expect.objectContaining({
        code: 'MODULE_NOT_FOUND',
        message: `repository rooted at ex.com/m cannot contain module ${path}`,
      }),
    );
  });

  it.each(['ex.com/m/v1', 'ex.com/m/v02'])('refuses %s, which is not a module path', (path) => {
    expect(() => placeModule(path as never, 'ex.com/m', '')).toThrow(`invalid module path "${path}"`);
  });
});

function find(
  [path, root, version, subdir = '']: [path: string, root: string, version: string, subdir?: string],
  files: Record<string, string>,
): Promise<ModuleRoot> {
  return findModuleRoot({
    place: place(path, root, subdir),
    version,
    revision: version,
    read: (file) => Promise.resolve(files[file] === undefined ? undefined : Buffer.from(files[file])),
  });
}

const M: [string, string, string] = ['ex.com/m', 'ex.com/m', 'v1.0.0'];
const V2: [string, string, string] = ['ex.com/m/v2', 'ex.com/m', 'v2.0.0'];
const SUB: [string, string, string] = ['ex.com/m/sub', 'ex.com/m', 'v1.0.0'];
const WHOLE: [string, string, string] = ['ex.com/m/v2', 'ex.com/m/v2', 'v2.0.0'];
const GOPKG: [string, string, string] = ['gopkg.in/x.v2', 'gopkg.in/x.v2', 'v2.0.0'];

describe('findModuleRoot', () => {
  it.each<
    [what: string, where: [string, string, string, string?], files: Record<string, string>, directory: string]
  >([
    ['a module in the root', M, { 'go.mod': 'module ex.com/m' }, ''],
    ['a module that says another path of the same major', M, { 'go.mod': 'module ex.com/fork' }, ''],
    ['a v2 in the root', V2, { 'go.mod': 'module ex.com/m/v2' }, ''],
    ['a v2 in its directory', V2, { 'v2/go.mod': 'module ex.com/m/v2' }, 'v2'],
    ['a v2 beside a v1', V2, { 'go.mod': 'module ex.com/m', 'v2/go.mod': 'module ex.com/m/v2' }, 'v2'],
    [
      'a module in a directory',
      SUB,
      { 'go.mod': 'module ex.com/m', 'sub/go.mod': 'module ex.com/m/sub' },
      'sub',
    ],
    ['a whole path with its major', WHOLE, { 'go.mod': 'module ex.com/m/v2' }, ''],
    ['gopkg.in with its own form', GOPKG, { 'go.mod': 'module gopkg.in/x.v2' }, ''],
    ['gopkg.in with the form of others', GOPKG, { 'go.mod': 'module ex.com/x/v2' }, ''],
    ['a gopkg.in module under a path without major', M, { 'go.mod': 'module gopkg.in/x.v2' }, ''],
    ['the directory of a rule', [...M, 'src'], { 'src/go.mod': 'module ex.com/m' }, 'src'],
  ])('finds %s', async (_, where, files, directory) => {
    const file = directory === '' ? 'go.mod' : `${directory}/go.mod`;
    const found = await find(where, files);
    expect({ ...found, goMod: String(found.goMod) }).toEqual({ directory, goMod: files[file] });
  });

  it.each([M, GOPKG])('takes the root for %s where there is no go.mod', async (...where) => {
    expect(await find(where, { 'other/go.mod': 'module x' })).toEqual({ directory: '', goMod: undefined });
  });

  it.each<[message: string, where: [string, string, string, string?], files: Record<string, string>]>([
    ['go.mod is missing module path at revision v1.0.0', M, { 'go.mod': 'go 1.20\n' }],
    [
      'go.mod has post-v1 module path "ex.com/m/v2" at revision v1.0.0',
      M,
      { 'go.mod': 'module ex.com/m/v2' },
    ],
    [
      'go.mod has malformed module path "ex.com/m/v1" at revision v1.0.0',
      M,
      { 'go.mod': 'module ex.com/m/v1' },
    ],
    [
      'go.mod has non-.../v2 module path "ex.com/m" (and .../v2/go.mod does not exist) at revision v2.0.0',
      V2,
      { 'go.mod': 'module ex.com/m' },
    ],
    [
      'go.mod is missing module path (and .../v2/go.mod does not exist) at revision v2.0.0',
      V2,
      { 'go.mod': '' },
    ],
    [
      'ex.com/m/go.mod and .../v2/go.mod both have .../v2 module paths at revision v2.0.0',
      V2,
      { 'go.mod': 'module ex.com/m/v2', 'v2/go.mod': 'module ex.com/m/v2' },
    ],
    ['ex.com/m/v2/go.mod is missing module path at revision v2.0.0', V2, { 'v2/go.mod': 'go 1.20\n' }],
    [
      'ex.com/m/v2/go.mod has non-.../v2 module path "ex.com/m/v3" at revision v2.0.0',
      V2,
      { 'v2/go.mod': 'module ex.com/m/v3' },
    ],
    [
      'go.mod has non-.../v2 module path "ex.com/m" at revision v2.0.0',
      WHOLE,
      { 'go.mod': 'module ex.com/m' },
    ],
    ['missing ex.com/m/sub/go.mod at revision v1.0.0', SUB, { 'go.mod': 'module ex.com/m' }],
    ['missing ex.com/m/go.mod and .../v2/go.mod at revision v2.0.0', V2, {}],
  ])('%s', async (message, where, files) => {
    await expect(find(where, files)).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND', message });
  });
});
