import { describe, expect, it } from 'vitest';
import { codeModule } from '../../src/modfetch/code-module.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { fakeCodeRepo, fakeHash, fakeStamp, fakeTime, type FakeCommit } from './fake-code-repo.js';

function module(path: string, history: FakeCommit[], root = 'ex.com/m', subdir = '') {
  return codeModule({ path: parseModulePath(path), root, subdir, repo: fakeCodeRepo(history) });
}

const mod = (path: string, more = '') => ({ 'go.mod': `module ${path}\n${more}` });

describe('versionOfRevision, as CodeModule.stat asks it', () => {
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
      version,
      time: fakeTime(index),
      commit: fakeHash(index),
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
