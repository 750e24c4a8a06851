import { describe, expect, it } from 'vitest';
import { codeModule } from '../../src/modfetch/code-module.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { CodeRepo } from '../../src/vcs/types.js';
import { FAKE_URL, fakeCodeRepo, fakeHash, type FakeCommit } from './fake-code-repo.js';

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
      VCS: 'git',
      URL: FAKE_URL,
      Subdir: 'sub',
      TagPrefix: 'sub/v1.',
      TagSum: expect.stringMatching(/^t1:/) as string,
    });
    expect(await of('ex.com/m/sub', ['sub/v1.0.0', 'v1.1.0'], 'v1.')).toEqual(before);
    expect(await of('ex.com/m/sub', ['sub/v1.0.0', 'sub/v1.1.0'], 'v1.')).not.toEqual(before);
  });
});

describe('CodeModule.versions, asked for again', () => {
  it('looks at the tags once, and has one list for each prefix', async () => {
    const repo = fakeCodeRepo([{ tags: ['v1.0.0', 'v1.1.0', 'v2.0.0'] }]);
    const asked: string[] = [];
    const counting: CodeRepo = {
      ...repo,
      tags: (prefix) => {
        asked.push(prefix);
        return repo.tags(prefix);
      },
    };
    const options = { path: parseModulePath('ex.com/m'), root: 'ex.com/m', subdir: '', repo: counting };
    const found = codeModule(options);
    expect((await found.versions()).list).toEqual(['v1.0.0', 'v1.1.0', 'v2.0.0+incompatible']);
    expect((await found.versions('v1.')).list).toEqual(['v1.0.0', 'v1.1.0']);
    expect((await found.versions()).list).toEqual(['v1.0.0', 'v1.1.0', 'v2.0.0+incompatible']);
    expect(asked).toEqual(['', 'v1.']);
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
