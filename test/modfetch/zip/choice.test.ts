import { describe, expect, it } from 'vitest';
import { choose } from '../../../src/modfetch/zip/choice.js';
import type { CommitHash } from '../../../src/module/commit-hash.js';
import type { BlobId, CodeRepo, TreeEntry } from '../../../src/vcs/types.js';
import { fakeCodeRepo, fakeHash } from '../fake-code-repo.js';

const ID = 'ab'.repeat(20) as BlobId;
const commit: CommitHash = fakeHash(0);

function repoWith(files: TreeEntry[], others: Record<string, string> = {}): CodeRepo {
  const listFiles = () =>
    Promise.resolve({
      async *[Symbol.asyncIterator]() {
        for (const each of files) yield await Promise.resolve([each]);
      },
    });
  return { ...fakeCodeRepo([{ files: others }]), listFiles };
}

const file = (path: string, hash?: BlobId): TreeEntry => ({
  path,
  displayPath: path,
  kind: 'regular' as const,
  ...(hash && { hash }),
});

describe('choose', () => {
  it('knows the blobs of the files where the listing has them all', async () => {
    const link = { ...file('link', ID), kind: 'symlink' as const };
    const chosen = await choose({
      repo: repoWith([file('a.go', ID), link, file('vendor/x/x.go', ID)]),
      commit,
      directory: '',
      name: 'm@v1.0.0',
    });
    expect(chosen).toMatchObject({ paths: ['a.go'], unchanged: true, license: undefined });
    expect([...(chosen.ids ?? [])]).toEqual([
      ['a.go', ID],
      ['vendor/x/x.go', ID],
    ]);
    const some = repoWith([file('a.go', ID), file('b.go')]);
    expect((await choose({ repo: some, commit, directory: '', name: 'm@v1.0.0' })).ids).toBeUndefined();
  });

  it('takes the LICENSE of the root, and sees attributes above the directory', async () => {
    const repo = repoWith([file('a.go')], { LICENSE: 'free', '.gitattributes': '* text' });
    const chosen = await choose({ repo, commit, directory: 'sub', name: 'm@v1.0.0' });
    expect(chosen).toMatchObject({ unchanged: false, license: Buffer.from('free') });
  });

  it.each([
    [file('a b.go\u0001'), 'malformed file path'],
    [file(`${'x'.repeat(70_000)}.go`), 'file name too long for a zip'],
  ])('refuses a name that no zip may hold', async (bad, why) => {
    const choosing = choose({ repo: repoWith([bad]), commit, directory: '', name: 'm@v1.0.0' });
    await expect(choosing).rejects.toMatchObject({ code: 'MODULE_INVALID' });
    await expect(choosing).rejects.toThrow(why);
  });

  it('names files that collide, wherever among the others they are', async () => {
    const many = Array.from({ length: 500 }, (_, i) => file(`n/${i}.go`));
    const colliding = [file('A.go'), ...many, file('a.go'), file('n/x?')];
    const choosing = choose({ repo: repoWith(colliding), commit, directory: '', name: 'm@v1.0.0' });
    await expect(choosing).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message: [
        'create zip: a.go: case-insensitive file name collision: "A.go" and "a.go"',
        `n/x?: malformed file path "n/x?": invalid char '?'`,
      ].join('\n'),
    });
    const licensed = repoWith([file('license')], { LICENSE: '' });
    await expect(choose({ repo: licensed, commit, directory: 'd', name: 'm@v1.0.0' })).rejects.toThrow(
      'case-insensitive file name collision: "license" and "LICENSE"',
    );
  });

  it('wants all of a tree that another program wrote in another order', async () => {
    const repo = repoWith([file('b/x'), file('a'), file('b/y')]);
    const { wanted } = await choose({ repo, commit, directory: '', name: 'm@v1.0.0' });
    expect(wanted.isOrdered).toBe(false);
    expect(['a', 'b/y', 'b/x'].map((path) => wanted.take(path))).toEqual([true, true, true]);
    expect(wanted.lost()).toBeUndefined();
  });
});
