import { describe, expect, it } from 'vitest';
import { readObjects, type ObjectRequest } from '../../../src/vcs/objects/object-reader.js';
import { localEnvironment } from '../../../src/vcs/transport/git-environment.js';
import { GitOutputTooLarge } from '../../../src/vcs/transport/git-exec.js';
import { repo } from '../../support/git/git-repo.js';
import { sealedEnv } from '../../support/run.js';
import { objectAt, type ObjectSpec } from '../../../src/vcs/names/object-name.js';
import { hashOf } from '../../support/git/git-names.js';

async function world() {
  const r = await repo();
  const commit = await r.write({ 'a.txt': 'one\n', 'b/c.bin': Buffer.alloc(100_000, 7) }).commit('first');
  const read = (specs: ObjectSpec[], more: Partial<ObjectRequest> = {}) =>
    readObjects({
      dir: r.dir,
      identity: 'one',
      env: localEnvironment(r.dir, sealedEnv()),
      specs,
      timeoutMs: 30_000,
      maxOutput: 1_000_000,
      ...more,
    });
  return { commit, read };
}

describe('readObjects', () => {
  it('reads what is named, in its order, and says what is not there', async () => {
    const { commit, read } = await world();
    const absent = hashOf('f'.repeat(40));
    const found = await read([
      objectAt(commit, 'b/c.bin'),
      objectAt(commit, 'none'),
      objectAt(commit, 'a.txt'),
      absent,
      commit,
    ]);
    expect(found.map((each) => [each?.type, each?.content.length])).toEqual([
      ['blob', 100_000],
      [undefined, undefined],
      ['blob', 4],
      [undefined, undefined],
      ['commit', found[4]?.content.length],
    ]);
    expect(found[4]?.hash).toBe(commit);
    expect(await read([])).toEqual([]);
  });

  it('answers many at the same time, each with its own', async () => {
    const { commit, read } = await world();
    const specs = Array.from({ length: 40 }, (_, n) =>
      n % 2 === 0 ? objectAt(commit, 'a.txt') : objectAt(commit, 'b/c.bin'),
    );
    const found = await Promise.all(specs.map((spec) => read([spec])));
    expect(found.map(([each]) => each?.content.length)).toEqual(
      specs.map((spec) => (spec.endsWith('a.txt') ? 4 : 100_000)),
    );
  });

  it('holds no more than it may, and goes on after that', async () => {
    const { commit, read } = await world();
    await expect(read([objectAt(commit, 'b/c.bin')], { maxOutput: 99_999 })).rejects.toBeInstanceOf(
      GitOutputTooLarge,
    );
    expect((await read([objectAt(commit, 'a.txt')]))[0]?.content.toString()).toBe('one\n');
  });

  it('says what git says of a folder that is not a repository', async () => {
    const { commit, read } = await world();
    const dir = '/';
    const failing = read([commit], { dir, env: localEnvironment(dir, sealedEnv()) });
    await expect(failing).rejects.toMatchObject({
      stderr: expect.stringContaining('not a git repository') as string,
    });
  });
});
