/** Whatever a host hands out, and in whichever order versions are asked for, each of them can be had. */
import { rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommitHash } from '../../src/module/commit-hash.js';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import type { CodeHost, CodeRepo } from '../../src/vcs/types.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { KINDS_OF_HOST, type RunningHost } from '../support/hosts/host-kinds.js';
import { missing } from '../support/requirements.js';
import { listedFiles } from './listed-files.js';
import { sealedEnv } from '../support/run.js';
import { tempDir } from '../support/tmp.js';
import { codeHost, errorOf, mirrorDir, text } from './lab.js';

for (const kind of KINDS_OF_HOST) {
  describe.skipIf(missing(...kind.needs))(`a host of the kind "${kind.name}"`, () => {
    let host: RunningHost;
    let source: GitRepo;
    let vcsDir: string;
    let code: CodeHost;
    /** Oldest first: v1.0.0, a commit without a tag, v1.1.0, another one, v1.2.0 (annotated). */
    const commits: CommitHash[] = [];

    beforeEach(async () => {
      const root = await tempDir('kinds');
      source = await repo(path.join(root, 'team/lib.git'));
      commits.length = 0;
      for (const n of [0, 1, 2, 3, 4]) {
        const files = { 'go.mod': `module example.com/lib // ${n}\n`, [`n${n}.go`]: `package lib // ${n}\n` };
        commits.push(
          await source
            .at(`2023-05-0${n + 1}T00:00:00Z`)
            .write(files)
            .commit(`commit ${n}`),
        );
        if (n % 2 === 0) await source.tag(`v1.${n / 2}.0`, { annotated: n === 4 });
      }
      host = await kind.start(root);
      vcsDir = path.join(await tempDir('cache'), 'vcs');
      code = codeHost(vcsDir, {}, sealedEnv(host.env));
    });
    afterEach(async () => host.stop());

    const open = async (need: 'files' | 'trees', from = code): Promise<CodeRepo> =>
      from.open(parseRepoUrl(`${host.base}team/lib.git`, '/'), 0, need);

    /** As `.info`, `.mod` and `.zip` of one version are made. */
    async function canBeHad(n: number, revision = commits[n] ?? '', from = code): Promise<void> {
      const trees = await open('trees', from);
      const { hash, time } = await trees.stat(revision);
      expect({ hash, time }).toEqual({ hash: commits[n], time: new Date(`2023-05-0${n + 1}T00:00:00Z`) });
      expect(String(await trees.readFile(hash, 'go.mod'))).toBe(`module example.com/lib // ${n}\n`);
      const files = await open('files', from);
      await files.ensureCommit(hash);
      expect((await listedFiles(files.listFiles(hash, ''))).map((entry) => entry.path)).toContain(`n${n}.go`);
      expect(await text(files.archive(hash, ''))).toContain(`package lib // ${n}\n`);
    }

    it('hands out older commits after newer ones', async () => {
      await canBeHad(4, 'v1.2.0');
      for (const n of [3, 2, 1, 0]) await canBeHad(n);
      await source.at('2023-05-06T00:00:00Z').write({ 'n5.go': 'package lib\n' }).commit('between');
      const between = await source.rev('main');
      await source.at('2023-05-07T00:00:00Z').write({ 'n6.go': 'package lib\n' }).commit('newest');
      const newest = await open('files');
      await newest.ensureCommit((await newest.stat('main')).hash);
      expect(await text(newest.archive((await newest.stat(between)).hash, ''))).toContain('n5.go');
    });

    it('has no mirror made anew for a commit that is only not here yet', async () => {
      await canBeHad(4);
      const mark = path.join(await mirrorDir(vcsDir), 'content.git/info/attributes');
      const { ino, birthtimeMs } = await stat(mark);
      for (const n of [1, 3]) await canBeHad(n);
      await (await open('files')).listFiles(at(commits, 0), '');
      expect(await stat(mark)).toMatchObject({ ino, birthtimeMs });
    });

    it('has no mirror made anew for a tag on a file of a commit that came without its files', async () => {
      await source.tag('file', { at: 'v1.0.0:n0.go' });
      const trees = await open('trees');
      await trees.stat(at(commits, 0));
      const folder = await mirrorDir(vcsDir);
      const inodes = async (): Promise<(number | undefined)[]> =>
        Promise.all(
          ['trees.git', 'content.git'].map(async (name) =>
            stat(path.join(folder, name)).then(
              ({ ino }) => ino,
              () => undefined,
            ),
          ),
        );
      const before = await inodes();
      expect((await errorOf(trees.stat('file'))).code).toBe('VERSION_NOT_FOUND');
      const after = await inodes();
      for (const [n, ino] of before.entries()) if (ino !== undefined) expect(after[n]).toBe(ino);
    });

    it('hands out all of them at once', async () => {
      await Promise.all([4, 0, 3, 1, 2].map(async (n) => canBeHad(n)));
    });

    it('hands out all of them to the next process after the mirrors were deleted', async () => {
      for (const n of [4, 1]) await canBeHad(n);
      await rm(vcsDir, { recursive: true });
      await source.at('2023-05-06T00:00:00Z').write({ 'n5.go': 'package lib\n' }).commit('newer');
      const next = codeHost(vcsDir, {}, sealedEnv(host.env));
      const files = await open('files', next);
      await files.ensureCommit((await files.stat('main')).hash);
      for (const n of [1, 3, 0, 4, 2]) {
        await (await open('files', next)).ensureCommit(at(commits, n));
        await canBeHad(n, commits[n], next);
      }
    });

    it('hands out all of them while the mirrors are deleted under the running process', async () => {
      for (const n of [4, 1, 3, 0]) {
        await canBeHad(n);
        await rm(vcsDir, { recursive: true });
      }
    });

    it('does not know commits that no branch and no tag leads to', async () => {
      await canBeHad(4);
      await source.write({ gone: '' }).commit('gone');
      const gone = await source.rev('main');
      await source.git('update-ref', 'refs/heads/main', commits[4] ?? '');
      expect((await errorOf((await open('trees')).stat(gone))).code).toBe('VERSION_NOT_FOUND');
      expect((await errorOf((await open('files')).ensureCommit(gone))).code).toBe('VERSION_NOT_FOUND');
    });
  });
}

describe.skipIf(missing('git'))('a local repository with filters', () => {
  it.each([
    { address: 'its path', url: (dir: string) => dir },
    { address: 'its file URL', url: (dir: string) => `file://${dir}` },
  ])('hands out every version by $address', async ({ url }) => {
    const source = await repo(path.join(await tempDir('local'), 'lib.git'));
    await source.git('config', 'uploadpack.allowFilter', 'true');
    const commits: CommitHash[] = [];
    for (const n of [0, 1, 2]) {
      commits.push(
        await source.write({ 'go.mod': `module example.com/lib // ${n}\n` }).commit(`commit ${n}`),
      );
    }
    const code = codeHost(path.join(await tempDir('cache'), 'vcs'));
    const open = async (): Promise<CodeRepo> => code.open(parseRepoUrl(url(source.dir), '/'), 0, 'trees');
    for (const commit of commits) expect((await (await open()).stat(commit)).hash).toBe(commit);
    for (const [n, commit] of commits.entries()) {
      expect(String(await (await open()).readFile(commit, 'go.mod'))).toBe(
        `module example.com/lib // ${n}\n`,
      );
    }
  });
});

describe.skipIf(missing('git'))('a local repository', () => {
  const codeOf = async (dir: string): Promise<string> => {
    const code = codeHost(path.join(await tempDir('cache'), 'vcs'));
    return (await errorOf(code.open(parseRepoUrl(dir, '/'), 0, 'trees'))).code;
  };

  it('is unknown where none is, and an outage where it cannot be read', async () => {
    const source = await repo(path.join(await tempDir('local'), 'lib.git'));
    await source.write({ 'go.mod': 'module example.com/lib\n' }).commit('one');
    expect(await codeOf(`${source.dir}.not`)).toBe('REPO_NOT_FOUND');
    await writeFile(path.join(source.dir, 'HEAD'), '');
    expect(await codeOf(source.dir)).toBe('HOST_REFUSED');
    await rm(path.join(source.dir, 'HEAD'));
    expect(await codeOf(source.dir)).toBe('HOST_REFUSED');
  });
});

function at(commits: readonly CommitHash[], index: number): CommitHash {
  const commit = commits[index];
  if (commit === undefined) throw new Error(`there is no commit ${index}`);
  return commit;
}
