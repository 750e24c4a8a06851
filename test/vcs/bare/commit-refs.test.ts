import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { referencedCommits, shallowCommits, writeCommitRefs } from '../../../src/vcs/bare/commit-refs.js';
import { tempDir } from '../../support/tmp.js';
import { commitRef } from '../../../src/vcs/names/ref-name.js';
import { hashOf } from '../../support/git/git-names.js';

const [A, B] = [hashOf('a'.repeat(40)), hashOf('b'.repeat(40))];

describe('writeCommitRefs', () => {
  it('notes a commit, and that it is without its parents, in files as git reads them', async () => {
    const dir = await tempDir('repo');
    writeCommitRefs(dir, [A], [A]);
    expect(await readFile(path.join(dir, commitRef(A)), 'utf8')).toBe(`${A}\n`);
    expect(await readFile(path.join(dir, 'shallow'), 'utf8')).toBe(`${A}\n`);
    expect(await readdir(dir)).not.toContain('shallow.lock');
  });

  it('adds to what is noted, once', async () => {
    const dir = await tempDir('repo');
    writeCommitRefs(dir, [A], [A]);
    writeCommitRefs(dir, [B], [B, A]);
    writeCommitRefs(dir, [B], [B]);
    expect(referencedCommits(dir).sort()).toEqual([A, B]);
    expect(shallowCommits(dir)).toEqual([A, B]);
  });

  it('notes many commits in one file, and keeps the refs that git noted there', async () => {
    const dir = await tempDir('repo');
    const header = '# pack-refs with: peeled fully-peeled sorted \n';
    await writeFile(
      path.join(dir, 'packed-refs'),
      `${header}${A} refs/heads/main\n${A} refs/modhaven/${A}\n`,
    );
    writeCommitRefs(dir, [A, B], [A, B]);
    expect(await readFile(path.join(dir, 'packed-refs'), 'utf8')).toBe(
      `${A} refs/heads/main\n${A} refs/modhaven/${A}\n${B} refs/modhaven/${B}\n`,
    );
    expect(await readdir(dir)).toEqual(['packed-refs', 'shallow']);
    writeCommitRefs(dir, [B], []);
    expect(referencedCommits(dir).sort()).toEqual([A, B]);
  });

  it('writes no list of shallow commits for a commit with its parents', async () => {
    const dir = await tempDir('repo');
    writeCommitRefs(dir, [A], []);
    expect(referencedCommits(dir)).toEqual([A]);
    await expect(readFile(path.join(dir, 'shallow'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('fails where it cannot write', async () => {
    const dir = path.join(await tempDir('repo'), 'file');
    await writeFile(dir, '');
    expect(() => writeCommitRefs(dir, [A], [])).toThrow('ENOTDIR');
    expect(() => writeCommitRefs(dir, [A, B], [])).toThrow('ENOTDIR');
  });
});

it('reads nothing where there is no repository, and passes over what is not a commit', async () => {
  const dir = await tempDir('repo');
  expect([referencedCommits(dir), shallowCommits(dir)]).toEqual([[], []]);
  await mkdir(path.join(dir, 'refs/modhaven'), { recursive: true });
  await writeFile(path.join(dir, 'refs/modhaven', `${A}.lock`), '');
  expect(referencedCommits(dir)).toEqual([]);
});
