import { describe, expect, it } from 'vitest';
import { checkPseudoVersion } from '../../../src/modfetch/repository/pseudo-check.js';
import { fakeCodeRepo, fakeHash, fakeStamp, fakeTime, type FakeCommit } from '../fake-code-repo.js';

const HISTORY: FakeCommit[] = [{}, { tags: ['v1.0.0', 'sub/v0.3.0'] }, {}, { tags: ['v1.1.0'] }];

async function check(
  version: string,
  index: number,
  { tagPrefix = '', pseudoMajor = '', history = HISTORY } = {},
) {
  const repo = fakeCodeRepo(history);
  const revision = await repo.stat(fakeHash(index));
  return checkPseudoVersion({ version, revision, repo, tagPrefix, pseudoMajor });
}

describe('checkPseudoVersion', () => {
  it.each<[version: string, index: number, prefix?: string]>([
    [`v0.0.0-${fakeStamp(0)}`, 0],
    [`v1.0.1-0.${fakeStamp(2)}`, 2],
    [`v0.3.1-0.${fakeStamp(2)}`, 2, 'sub/'],
    // Without a base it need not be told from a tag on the same commit.
    [`v0.0.0-${fakeStamp(3)}`, 3],
  ])('accepts %s', async (version, index, tagPrefix = '') => {
    await expect(check(version, index, { tagPrefix })).resolves.toBeUndefined();
  });

  it('accepts a base that has build metadata', async () => {
    const history = [{ tags: ['v2.0.0+meta'] }, {}];
    await expect(check(`v2.0.1-0.${fakeStamp(1)}+incompatible`, 1, { history })).resolves.toBeUndefined();
  });

  const short = fakeHash(2).slice(0, 12);
  it.each<[why: string, version: string, index: number]>([
    [`revision is longer than canonical (expected ${short})`, `v1.0.1-0.${fakeStamp(2)}03`, 2],
    [`revision is shorter than canonical (expected ${short})`, `v1.0.1-0.${fakeStamp(2).slice(0, -2)}`, 2],
    [`does not match short name of revision (expected ${short})`, `v1.0.1-0.${fakeStamp(1)}`, 2],
    [
      'does not match version-control timestamp (expected 20240303120000)',
      `v1.0.1-0.20240303120001-${short}`,
      2,
    ],
    ['major version without preceding tag must be v0, not v1', `v1.0.0-${fakeStamp(2)}`, 2],
    [
      `tag (v1.1.0) found on revision ${fakeHash(3).slice(0, 12)} is already canonical, so should not be replaced with a pseudo-version derived from that tag`,
      `v1.1.1-0.${fakeStamp(3)}`,
      3,
    ],
    ['preceding tag (v1.0.5) not found', `v1.0.6-0.${fakeStamp(2)}`, 2],
    [`revision ${short} is not a descendent of preceding tag (v1.1.0)`, `v1.1.1-0.${fakeStamp(2)}`, 2],
  ])('%s', async (why, version, index) => {
    await expect(check(version, index)).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      message: `invalid pseudo-version: ${why}`,
    });
  });

  it('leaves a v2 without a preceding tag to the path that demands it', async () => {
    await expect(check(`v2.0.0-${fakeStamp(0)}`, 0, { pseudoMajor: 'v2' })).resolves.toBeUndefined();
  });

  it('names no time that cannot be written', async () => {
    const repo = fakeCodeRepo(HISTORY);
    const revision = { ...(await repo.stat(fakeHash(0))), time: new Date(Date.UTC(12024, 0)) };
    const version = `v0.0.0-${fakeStamp(0)}`;
    await expect(
      checkPseudoVersion({ version, revision, repo, tagPrefix: '', pseudoMajor: '' }),
    ).rejects.toThrow('(expected a year after 9999)');
    expect(fakeTime(0).getUTCFullYear()).toBe(2024);
  });
});
