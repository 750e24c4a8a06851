import { describe, expect, it } from 'vitest';
import { codeModule } from '../../src/modfetch/code-module.js';
import { chooseVersion, choosesVersion } from '../../src/modfetch/query.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { FAKE_URL, fakeCodeRepo, fakeHash, fakeStamp, type FakeCommit } from './fake-code-repo.js';

const mod = (path: string, more = '') => ({ 'go.mod': `module ${path}\n${more}` });

function choose(query: string, history: FakeCommit[], path = 'ex.com/m') {
  const repo = fakeCodeRepo(history);
  return chooseVersion(
    codeModule({ path: parseModulePath(path), root: 'ex.com/m', subdir: '', repo }),
    query,
  );
}

const none = (query: string) => ({
  code: 'VERSION_NOT_FOUND',
  message: `no matching versions for query "${query}"`,
});

describe('choosesVersion', () => {
  it.each(['latest', 'upgrade', 'v1', 'v1.2', 'v0'])('%s chooses among versions', (query) => {
    expect(choosesVersion(query)).toBe(true);
  });

  it.each(['v1.2.3', 'v1.2.3-pre', 'main', 'patch', 'abcdef0', '1', 'v01', 'v', ''])(
    '%j names one revision',
    (query) => {
      expect(choosesVersion(query)).toBe(false);
    },
  );
});

describe('chooseVersion', () => {
  const history: FakeCommit[] = [
    { tags: ['v1.2.0', 'v1.20.0', 'v1.2.1-rc.1'], files: mod('ex.com/m') },
    { tags: ['v1.3.1-beta.1', 'v1.21.0-beta.1'], files: mod('ex.com/m') },
    { files: mod('ex.com/m') },
  ];

  it.each([
    ['latest', 'v1.20.0'],
    ['upgrade', 'v1.20.0'],
    ['v1', 'v1.20.0'],
    ['v1.2', 'v1.2.0'],
    // a prerelease where there is no release
    ['v1.3', 'v1.3.1-beta.1'],
  ])('%s is %s', async (query, version) => {
    expect(await choose(query, history)).toMatchObject({ version });
  });

  // A prerelease of v1.21.0 is below v1.21 (golang/go#31972).
  it.each(['v1.4', 'v1.21', 'v2', 'v0'])('says that nothing matches %s', async (query) => {
    await expect(choose(query, history)).rejects.toMatchObject(none(query));
  });

  it('is the head of the default branch where no version is tagged', async () => {
    expect(await choose('latest', [{}, {}])).toMatchObject({
      version: `v0.0.0-${fakeStamp(1)}`,
      commit: fakeHash(1),
    });
    await expect(choose('v0', [{}, {}])).rejects.toMatchObject(none('v0'));
  });

  it('passes over what the newest version retracts', async () => {
    const retracting = [
      { tags: ['v1.0.0'], files: mod('ex.com/m') },
      { tags: ['v1.1.0'], files: mod('ex.com/m') },
      { tags: ['v1.2.0'], files: mod('ex.com/m', 'retract [v1.1.0, v1.2.0]\n') },
    ];
    expect(await choose('latest', retracting)).toMatchObject({ version: 'v1.0.0' });
    expect(await choose('v1', retracting)).toMatchObject({ version: 'v1.0.0' });
    await expect(choose('v1.2', retracting)).rejects.toMatchObject(none('v1.2'));
  });

  it('passes over higher majors where the module has a go.mod, but for a query that asks for them', async () => {
    const majors = [{ tags: ['v3.0.0'] }, { tags: ['v1.0.0'] }];
    expect(await choose('latest', majors)).toMatchObject({ version: 'v3.0.0+incompatible' });
    expect(await choose('v3', majors)).toMatchObject({ version: 'v3.0.0+incompatible' });
    expect(await choose('v1', majors)).toMatchObject({ version: 'v1.0.0' });
    const withGoMod = [{ tags: ['v3.0.0'] }, { tags: ['v1.0.0'], files: mod('ex.com/m') }];
    expect(await choose('latest', withGoMod)).toMatchObject({ version: 'v1.0.0' });
  });

  it('names in the Origin the tags that the choice depends on, and the commit', async () => {
    expect((await choose('v1.2', history)).origin).toEqual({
      VCS: 'git',
      URL: FAKE_URL,
      Hash: fakeHash(0),
      TagPrefix: 'v1.2.',
      TagSum: expect.stringMatching(/^t1:/) as string,
    });
  });
});
