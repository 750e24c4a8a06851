import { describe, expect, it } from 'vitest';
import { codeModule } from '../../src/modfetch/code-module.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { FAKE_URL, fakeCodeRepo, fakeHash, fakeStamp, fakeTime, type FakeCommit } from './fake-code-repo.js';

function module(path: string, history: FakeCommit[], root = 'ex.com/m', subdir = '') {
  return codeModule({ path: parseModulePath(path), root, subdir, repo: fakeCodeRepo(history) });
}

const mod = (path: string, more = '') => ({ 'go.mod': `module ${path}\n${more}` });

describe('CodeModule.versions', () => {
  const TAGS = [
    ...['v0.9.0', 'v1.10.0', 'v1.2.0', 'v1.2.0-rc.1', 'v2.0.0', 'v3.1.0', 'sub/v1.0.0', 'sub/v1.1.0'],
    // no canonical versions of anything
    ...['v1', 'v1.2', 'v1.2.3+meta', 'v01.0.0', '1.0.0', 'release', 'v1.0.1-0.20240301120000-aaaaaaaaaaaa'],
  ];

  it.each<[what: string, path: string, files: Record<string, string>, list: string[]]>([
    [
      'those of a module without go.mod, higher majors as incompatible ones, last',
      'ex.com/m',
      {},
      ['v0.9.0', 'v1.2.0-rc.1', 'v1.2.0', 'v1.10.0', 'v2.0.0+incompatible', 'v3.1.0+incompatible'],
    ],
    [
      'without higher majors where there is a go.mod',
      'ex.com/m',
      mod('ex.com/m'),
      [...['v0.9.0', 'v1.2.0-rc.1', 'v1.2.0', 'v1.10.0']],
    ],
    ['those of one major', 'ex.com/m/v2', mod('ex.com/m/v2'), ['v2.0.0']],
    ['those of a directory', 'ex.com/m/sub', {}, ['v1.0.0', 'v1.1.0']],
    ['none where no tag fits', 'ex.com/m/v7', {}, []],
  ])('lists %s', async (_, path, files, list) => {
    expect((await module(path, [{ tags: TAGS, files }]).versions()).list).toEqual(list);
  });

  it('leaves out each higher major whose newest version has a go.mod', async () => {
    const history = [
      { tags: ['v2.0.0'] },
      { tags: ['v2.1.0'], files: mod('ex.com/m/v2') },
      { tags: ['v3.0.0'] },
      { tags: ['v3.0.1'] },
    ];
    expect((await module('ex.com/m', history).versions()).list).toEqual([
      'v3.0.0+incompatible',
      'v3.0.1+incompatible',
    ]);
  });

  it('lists nothing of an unstable gopkg.in path', async () => {
    const path = 'gopkg.in/x.v2-unstable';
    const { list, origin } = await module(path, [{ tags: ['v2.0.0'] }], path).versions();
    expect({ list, origin }).toEqual({ list: [], origin: { VCS: 'git', URL: FAKE_URL } });
  });

  it('says what the list depends on', async () => {
    const of = async (path: string, tags: string[], prefix?: string) =>
      (await module(path, [{ tags }]).versions(prefix)).origin;
    const before = await of('ex.com/m/sub', ['sub/v1.0.0', 'v1.0.0'], 'v1.');
    expect(before).toEqual({
      ...{ VCS: 'git', URL: FAKE_URL, Subdir: 'sub', TagPrefix: 'sub/v1.' },
      TagSum: expect.stringMatching(/^t1:/) as string,
    });
    expect(await of('ex.com/m/sub', ['sub/v1.0.0', 'v1.1.0'], 'v1.')).toEqual(before);
    expect(await of('ex.com/m/sub', ['sub/v1.0.0', 'sub/v1.1.0'], 'v1.')).not.toEqual(before);
  });
});

describe('CodeModule.stat', () => {
  const HISTORY: FakeCommit[] = [
    { files: mod('ex.com/m') },
    { tags: ['v1.0.0', 'nightly'], files: mod('ex.com/m') },
    { files: { ...mod('ex.com/m'), 'sub/go.mod': 'module ex.com/m/sub\n' } },
  ];

  it.each<[asked: string, version: string, index: number]>([
    ['v1.0.0', 'v1.0.0', 1],
    ['nightly', 'v1.0.0', 1],
    [fakeHash(1), 'v1.0.0', 1],
    [fakeHash(0).slice(0, 12), `v0.0.0-${fakeStamp(0)}`, 0],
    ['main', `v1.0.1-0.${fakeStamp(2)}`, 2],
    [`v1.0.1-0.${fakeStamp(2)}`, `v1.0.1-0.${fakeStamp(2)}`, 2],
  ])('%s is a version', async (asked, version, index) => {
    expect(await module('ex.com/m', HISTORY).stat(asked)).toMatchObject({
      ...{ version, time: fakeTime(index), commit: fakeHash(index) },
      origin: { Hash: fakeHash(index) },
    });
  });

  it('names the directory in the Origin', async () => {
    expect(await module('ex.com/m/sub', HISTORY).stat('main')).toMatchObject({
      version: `v0.0.0-${fakeStamp(2)}`,
      origin: { Subdir: 'sub' },
    });
  });

  it.each(['v1.0.1', 'elsewhere', `v1.0.2-0.${fakeStamp(2)}`])('%s is none', async (asked) => {
    await expect(module('ex.com/m', HISTORY).stat(asked)).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
    });
  });

  it('chooses no tag that the newest release retracts', async () => {
    const history = [
      { tags: ['v1.0.0'], files: mod('ex.com/m') },
      { tags: ['v1.5.0', 'v1.4.0'], files: mod('ex.com/m') },
      { tags: ['v1.6.0'], files: mod('ex.com/m', 'retract v1.5.0\n') },
    ];
    expect(await module('ex.com/m', history).stat(fakeHash(1))).toMatchObject({ version: 'v1.4.0' });
    expect(await module('ex.com/m', history).stat('v1.5.0')).toMatchObject({ version: 'v1.5.0' });
  });

  it('says what the head of the default branch is', async () => {
    expect(await module('ex.com/m', HISTORY).latest()).toMatchObject({ version: `v1.0.1-0.${fakeStamp(2)}` });
  });
});

describe('CodeModule.goMod and findRoot', () => {
  it('is the file of the commit, also in the directory of a major version', async () => {
    const history = [{ tags: ['v2.0.0'], files: { 'v2/go.mod': 'module ex.com/m/v2\n' } }];
    const found = module('ex.com/m/v2', history);
    expect(String(await found.goMod('v2.0.0', fakeHash(0)))).toBe('module ex.com/m/v2\n');
    expect((await found.findRoot('v2.0.0', fakeHash(0))).directory).toBe('v2');
  });

  it('is made up where there is none, as go does', async () => {
    const found = module('ex.com/m', [{ tags: ['v1.0.0'] }]);
    expect(String(await found.goMod('v1.0.0', fakeHash(0)))).toBe('module ex.com/m\n');
  });

  it('names the tag where a version is nowhere', async () => {
    const found = module('ex.com/m/sub', [{ tags: ['sub/v1.0.0'] }]);
    await expect(found.goMod('v1.0.0', fakeHash(0))).rejects.toThrow(
      'missing ex.com/m/sub/go.mod at revision sub/v1.0.0',
    );
  });
});

it('refuses a path that a repository cannot hold', () => {
  expect(() => module('ex.com/other', [])).toThrow(
    'repository rooted at ex.com/m cannot contain module ex.com/other',
  );
});
