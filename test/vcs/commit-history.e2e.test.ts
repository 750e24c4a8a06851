import { beforeAll, describe, expect, it } from 'vitest';
import {
  findRevision,
  isDescendant,
  recentTagBefore,
  type ListedMirror,
} from '../../src/vcs/commit-history.js';
import { BareRepo } from '../../src/vcs/bare/bare-repo.js';
import type { Mirror } from '../../src/vcs/mirror/mirror.js';
import { RefsChanged } from '../../src/vcs/refs-changed.js';
import { parseRefs } from '../../src/vcs/objects/refs.js';
import { repo } from '../support/git/git-repo.js';
import { sealedEnv } from '../support/run.js';
import { hashOf } from '../support/git/git-names.js';

const ABSENT = hashOf('f'.repeat(40));
const all = () => Promise.resolve(true);

/** Commits on main with v1.0.0 and v1.1.0, one more after them, and one on a branch of its own from v1.0.0 on. */
async function world() {
  const r = await repo();
  const first = await r.write({ a: '1' }).commit('first');
  await r.tag('v1.0.0');
  await r.branch('side', first);
  const second = await r.write({ a: '2' }).commit('second');
  await r.tag('v1.1.0', { annotated: true });
  const last = await r.write({ a: '3' }).commit('last');
  const between = await r.checkout('side').write({ b: '1' }).commit('between');
  const side = await r.write({ b: '2' }).commit('side');
  const refs = parseRefs(await r.git('ls-remote', r.dir));
  const history = new BareRepo({ dir: r.dir, env: sealedEnv(), timeoutMs: 30_000 });
  const mirror = {
    history,
    fetchHistory: () => Promise.resolve(true),
    isHistoryWhole: () => Promise.resolve(true),
  } as unknown as Mirror;
  const listed: ListedMirror = { mirror, refs, url: 'https://git.corp.test/x.git' };
  return { listed, first, second, last, between, side };
}

let w: Awaited<ReturnType<typeof world>>;
beforeAll(async () => {
  w = await world();
});

describe('findRevision', () => {
  it('finds a commit that a branch leads to by the beginning of its hash', async () => {
    const hash = w.between;
    expect(await findRevision(w.listed, hash.slice(0, 12))).toEqual({ hash, ref: undefined, name: hash });
  });

  it('names the ref that points at a commit', async () => {
    expect(await findRevision(w.listed, w.side.slice(0, 12))).toMatchObject({ ref: 'refs/heads/side' });
  });

  it.each([ABSENT, ABSENT.slice(0, 12)])('says that %s is unknown', async (prefix) => {
    await expect(findRevision(w.listed, prefix)).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
      message: `unknown revision ${prefix}`,
    });
  });
});

describe('recentTagBefore', () => {
  it('is the highest tag on an ancestor, or on the commit itself', async () => {
    expect(await recentTagBefore(w.listed, w.last, '', all)).toBe('v1.1.0');
    expect(await recentTagBefore(w.listed, w.second, '', all)).toBe('v1.1.0');
    expect(await recentTagBefore(w.listed, w.side, '', all)).toBe('v1.0.0');
  });

  it('is one that is allowed', async () => {
    expect(await recentTagBefore(w.listed, w.last, '', (tag) => Promise.resolve(tag !== 'v1.1.0'))).toBe(
      'v1.0.0',
    );
    expect(await recentTagBefore(w.listed, w.last, 'sub/', all)).toBeUndefined();
  });

  it('asks for the repository anew where the commit is not there', async () => {
    await expect(recentTagBefore(w.listed, ABSENT, '', all)).rejects.toBeInstanceOf(RefsChanged);
  });
});

describe('isDescendant', () => {
  it('holds for the tagged commit and those after it', async () => {
    const tag = { name: 'v1.1.0', hash: w.second };
    const answers = await Promise.all(
      [w.first, w.second, w.last, w.side].map((commit) => isDescendant(w.listed, commit, tag)),
    );
    expect(answers).toEqual([false, true, true, false]);
  });

  it('does not hold for a tag on what is not a commit, and asks anew for a commit that is gone', async () => {
    expect(await isDescendant(w.listed, w.last, { name: 'v9.0.0', hash: ABSENT })).toBe(false);
    const tag = { name: 'v1.0.0', hash: w.first };
    await expect(isDescendant(w.listed, ABSENT, tag)).rejects.toBeInstanceOf(RefsChanged);
  });
});
