/** What a repository would serve, asked without keeping anything. */
import { readFile, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { createCodeHost } from '../../src/vcs/code-host.js';
import { createTarget, type Target } from '../../src/verify/target.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';

const LIB = parseModulePath('my.corp/lib');
const SUB = parseModulePath('my.corp/lib/sub');
const NONE = parseModulePath('my.corp/none');
const ELSEWHERE = parseModulePath('other.corp/lib');

describe.skipIf(missing('git'))('a target', () => {
  let root: string;
  let cache: string;
  let made: GitRepo;
  let target: Target;

  beforeAll(async () => {
    [root, cache] = [await tempDir('homes'), await tempDir('cache')];
    made = await repo(path.join(root, 'lib.git'));
    await made
      .write({
        'go.mod': 'module my.corp/lib\n',
        'a.go': 'package a\n',
        'sub/go.mod': 'module my.corp/lib/sub\n',
      })
      .commit('one');
    for (const tag of ['v1.0.0', 'sub/v0.1.0']) await made.tag(tag);
    await made.write({ 'a.go': 'package a // two\n' }).commit('two');
    await made.tag('v1.1.0');
    target = open();
  });

  function open(): Target {
    const map = parseVanity(`host: my.corp\npaths:\n  /{name}: ${root}/{name}.git\n`, '/vanity.yaml', {
      defaultHost: '',
    });
    const host = createCodeHost({
      dir: cache,
      settings: () => ({ timeoutMs: 60_000, connectTimeoutMs: 10_000, concurrency: 4, hosts: new Map() }),
    });
    return createTarget({ candidates: (module) => map.candidates(module), host });
  }

  it('has the addresses of a module, none where no rule covers it', () => {
    expect(target.addresses(LIB)).toEqual([`file://${root}/lib.git`]);
    expect(target.addresses(ELSEWHERE)).toEqual([]);
  });

  it('says what a version is: its commit and its hashes', async () => {
    const one = await target.fingerprint(LIB, 'v1.0.0');
    const two = await target.fingerprint(LIB, 'v1.1.0');
    expect(one.commit).toBe(await made.rev('v1.0.0'));
    expect(one.mod).toBe(two.mod);
    expect(one.zip).toMatch(/^h1:/);
    expect(one.zip).not.toBe(two.zip);
    expect(one.zipProblem).toBeUndefined();
  });

  it('says what a pinned commit is, wherever the tag is', async () => {
    const info = { Version: 'v1.1.0', Origin: { VCS: 'git', Hash: await made.rev('v1.0.0') } };
    const pinned = await target.fingerprint(LIB, 'v1.1.0', Buffer.from(JSON.stringify(info)));
    expect(pinned.commit).toBe(info.Origin.Hash);
  });

  it('lists the versions and the modules of a repository, and none of one that is not there', async () => {
    expect(await target.versions(LIB)).toEqual(['v1.0.0', 'v1.1.0']);
    expect(await target.versions(SUB)).toEqual(['v0.1.0']);
    expect((await target.modules('my.corp/lib')).sort()).toEqual([LIB, SUB]);
    expect(await target.versions(NONE)).toEqual([]);
    expect(await target.modules('my.corp/none')).toEqual([]);
    await expect(target.fingerprint(LIB, 'v9.0.0')).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' });
  });

  it('hashes the files of a version, and keeps nothing of it', async () => {
    const files = await target.files(LIB, 'v1.0.0');
    expect([...files.keys()].sort()).toEqual(['a.go', 'go.mod']);
    expect((await readdir(cache)).filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([]);
  });

  it('sees one moment: later tags are of another target', async () => {
    const before = open();
    expect(await before.versions(LIB)).toHaveLength(2);
    await made.tag('v1.2.0');
    expect(await before.versions(LIB)).toHaveLength(2);
    expect(await open().versions(LIB)).toHaveLength(3);
  });

  it('does not ask a repository again that failed', async () => {
    const moved = path.join(root, 'away.git');
    const other = open();
    await rename(path.join(root, 'lib.git'), moved);
    const failed = await other.fingerprint(LIB, 'v1.0.0').catch((error: unknown) => error);
    await rename(moved, path.join(root, 'lib.git'));
    expect(failed).toBeInstanceOf(Error);
    await expect(other.fingerprint(LIB, 'v1.0.0')).rejects.toThrow((failed as Error).message);
    expect(await readFile(path.join(root, 'lib.git/HEAD'), 'utf8')).toContain('ref:');
  });
});
