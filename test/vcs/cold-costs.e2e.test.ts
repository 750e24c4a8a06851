/**
 * What a question costs that was not asked before: git children of ours, questions to the host, files that it sends. Time
 * follows from these; only they can be counted.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import pLimit from 'p-limit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { CachedModules } from '../../src/modfetch/cached.js';
import { GitSource } from '../../src/modfetch/git-source.js';
import type { Modules } from '../../src/modfetch/repo.js';
import { createRepoRoots } from '../../src/modfetch/repo-root.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { missing } from '../support/requirements.js';
import { gitLog, type GitLog } from './git-log.js';
import { codeHost, inMirror, lab, type Lab } from './lab.js';

const MODULE = 'example.com/foo' as ModulePath;

interface Costs {
  /** Our git children by command, sorted. */
  children: string[];
  /** Requests to the host. */
  requests: number;
}

describe.skipIf(missing('git'))('what a cold question costs', () => {
  let l: Lab;
  let service: Modules;
  let log: GitLog;
  /** Address of the repository. */
  let url: string;

  beforeEach(async () => {
    l = await lab();
    log = await gitLog();
    const code = codeHost(l.vcsDir, {}, log.env);
    url = l.url;
    const map = () => parseVanity(`paths:\n  ${MODULE}: ${url}\n`, '/srv/vanity.yaml', { defaultHost: '' });
    const source = new GitSource({
      host: code,
      roots: createRepoRoots({
        candidates: (module) => map().candidates(module),
        host: code,
        refreshMs: () => 60_000,
      }),
      refreshMs: () => 60_000,
    });
    const store = createDiskStore(path.join(l.vcsDir, '../download'));
    service = new CachedModules(source, store, { log: { warn: () => undefined } });
  });
  afterEach(async () => l.host.stop());

  async function costs(work: () => Promise<unknown>): Promise<Costs> {
    await log.take();
    l.host.requests.splice(0);
    await work();
    return { children: await log.take(), requests: l.host.requests.length };
  }

  const list = async () => service.list(MODULE);
  const info = async (version = 'v1.0.0') => service.info(MODULE, version);
  const mod = async (version = 'v1.0.0') => service.mod(MODULE, version);
  const zip = async (version = 'v1.0.0') => (await service.zip(MODULE, version)).stored();

  async function filesIn(mirror: string): Promise<string[]> {
    const objects = await inMirror(l.vcsDir, mirror, 'cat-file', '--batch-all-objects', '--batch-check');
    return objects.split('\n').filter((line) => line.includes(' blob '));
  }

  it('a list: one question for refs', async () => {
    expect(await costs(list)).toEqual({ children: ['config'], requests: 2 });
  });

  it('an .info of a small repository: the commit; .mod and zip after it: nothing', async () => {
    expect(await costs(info)).toEqual({ children: ['config'], requests: 3 });
    expect(await costs(mod)).toEqual({ children: [], requests: 0 });
    expect(await costs(zip)).toEqual({ children: [], requests: 0 });
    expect(await inMirror(l.vcsDir, 'content.git', 'fsck', '--no-dangling')).toBe('');
  });

  it('branches that ten callers want at once: the first by itself, the others together', async () => {
    const names = Array.from({ length: 10 }, (_, n) => `branch${n}`);
    for (const [n, name] of names.entries()) {
      await l.repo
        .at(`2024-03-01T00:00:0${n}Z`)
        .write({ 'n.go': `package n // ${name}\n` })
        .commit(name);
      await l.repo.branch(name);
    }
    const found: string[] = [];
    const { requests } = await costs(async () => {
      const infos = await Promise.all(names.map(async (name) => service.info(MODULE, name)));
      found.push(...infos.map(({ value }) => /"Hash":"(\w+)"/.exec(String(value))?.[1] ?? ''));
    });
    expect(found).toEqual(await Promise.all(names.map(async (name) => l.repo.rev(name))));
    // Refs (2), the first, the others (1 or 2), and the history that tells their pseudo-versions, by git (3); by
    // themselves they would be 15.
    expect(requests).toBeLessThanOrEqual(9);
  });

  it('a .mod first: the same as an .info', async () => {
    const { requests } = await costs(mod);
    expect(requests).toBe(3);
    expect(await costs(info)).toEqual({ children: [], requests: 0 });
  });

  describe('of a large repository', () => {
    beforeEach(async () => {
      await l.repo.write({ 'large.bin': randomBytes(1024 * 1024) }).commit('large');
      await l.repo.tag('v1.3.0');
    });

    it('an .info: the commit with its directories, and go.mod; the .mod after it: nothing', async () => {
      // As many as for a small one: both have come before the pack is found to be large and left with the host.
      expect(await costs(async () => info('v1.3.0'))).toEqual({ children: ['config'], requests: 3 });
      expect(await filesIn('trees.git')).toHaveLength(1);
      expect(await filesIn('content.git')).toEqual([]);
      expect(await costs(async () => mod('v1.3.0'))).toEqual({ children: [], requests: 0 });
      expect(await filesIn('trees.git')).toHaveLength(1);
    });

    it('an .info where a large file comes before go.mod: one request more', async () => {
      await l.repo.write({ 'a.bin': randomBytes(1024 * 1024) }).commit('before');
      await l.repo.tag('v1.4.0');
      expect(await costs(async () => info('v1.4.0'))).toEqual({ children: ['config'], requests: 4 });
      expect(await filesIn('trees.git')).toHaveLength(1);
      expect(await filesIn('content.git')).toEqual([]);
    });

    it('an .info of more directories than come before that: two requests more', async () => {
      const files = Array.from({ length: 400 }, (_, n) => [`p${n}/x.go`, `package p${n}\n`]);
      await l.repo.write(Object.fromEntries(files) as Record<string, string>).commit('wide');
      await l.repo.tag('v1.5.0');
      expect((await costs(async () => info('v1.5.0'))).requests).toBe(5);
      expect(await filesIn('trees.git')).toHaveLength(1);
    });

    it('a zip after .info and .mod: one fetch', async () => {
      await info('v1.3.0');
      await mod('v1.3.0');
      expect((await costs(async () => zip('v1.3.0'))).requests).toBe(1);
    });

    it('the next .info: one fetch, where go.mod is that of another version', async () => {
      await info('v1.3.0');
      await info('v1.1.0');
      expect(await costs(async () => info('v1.2.0'))).toEqual({ children: [], requests: 1 });
      expect(await filesIn('trees.git')).toHaveLength(1);
    });
  });

  it('a zip first: refs, one fetch, and its .info and .mod with it', async () => {
    expect(await costs(zip)).toEqual({ children: ['config'], requests: 3 });
    expect(await costs(async () => [await info(), await mod()])).toEqual({ children: [], requests: 0 });
  });

  it('the next zip of the repository: one fetch of what is new', async () => {
    const received = async () =>
      Number(/in-pack: (\d+)/.exec(await inMirror(l.vcsDir, 'content.git', 'count-objects', '-v'))?.[1]);
    await zip();
    const before = await received();
    expect(await costs(async () => zip('v1.1.0'))).toEqual({ children: [], requests: 1 });
    // The commit, its root and one file; all else is in the pack of the first one.
    expect((await received()) - before).toBe(3);
  });

  it('the next zip where files are large: only the files that are new, and no search for differences', async () => {
    const megabytes = (count: number) => randomBytes(count * 1024 * 1024);
    const kept = megabytes(3);
    for (const [version, day] of [
      ['v2.0.0', 10],
      ['v2.1.0', 11],
      ['v2.2.0', 12],
    ] as const) {
      await l.repo
        .at(`2024-01-${day}T00:00:00Z`)
        .write({ 'go.mod': 'module example.com/foo/v2\n', 'kept.bin': kept, 'new.bin': megabytes(1) })
        .commit(version);
      await l.repo.tag(version);
    }
    const major2 = `${MODULE}/v2` as ModulePath;
    const zip2 = async (version: string) => (await service.zip(major2, version)).stored();
    await zip2('v2.0.0');
    const before = (await filesIn('content.git')).length;
    // The zip takes over what has not changed from the one before, so that no archive is made.
    const { children } = await costs(async () => zip2('v2.1.0'));
    // The configuration of the account is asked for once in five seconds, which a busy machine takes for the zip before.
    const ofZip = children.filter((child) => child !== 'config');
    expect(ofZip).toEqual(['rev-list', 'index-pack', 'pack-objects'].sort());
    expect((await filesIn('content.git')).length - before).toBe(1);
    await service.info(major2, 'v2.2.0');
    expect((await costs(async () => zip2('v2.2.0'))).requests).toBe(1);
    expect((await filesIn('content.git')).length - before).toBe(2);
    expect(await inMirror(l.vcsDir, 'content.git', 'fsck', '--no-dangling')).toBe('');
  });

  it('a zip that is not small, or has attributes: git takes in the pack, and makes the archive', async () => {
    await l.repo.write({ 'large.bin': randomBytes(1024 * 1024) }).commit('large');
    await l.repo.tag('v1.3.0');
    const withGit = ['archive', 'cat-file', 'config', 'index-pack'];
    expect(await costs(async () => zip('v1.3.0'))).toEqual({ children: withGit, requests: 3 });
    await l.repo.write({ 'large.bin': '', '.gitattributes': '*.go ident\n' }).commit('attributes');
    await l.repo.tag('v1.4.0');
    expect((await costs(async () => zip('v1.4.0'))).children).toContain('archive');
  });

  it('the next .info of the repository: one fetch', async () => {
    await info();
    await service.info(MODULE, 'v1.1.0');
    expect(await costs(async () => info('v1.2.0'))).toEqual({ children: [], requests: 1 });
  });

  describe('the .info of every version of a list, ten at a time', () => {
    const VERSIONS = Array.from({ length: 40 }, (_, n) => `v1.9.${n}`);

    beforeEach(async () => {
      for (const version of VERSIONS) {
        await l.repo.write({ 'n.go': `package n // ${version}\n` }).commit(version);
        await l.repo.tag(version);
      }
    });

    async function all(): Promise<string[]> {
      const limit = pLimit(10);
      const infos = VERSIONS.map((version) =>
        limit(async () => /"Hash":"(\w+)"/.exec(String((await info(version)).value))?.[1] ?? ''),
      );
      return Promise.all(infos);
    }

    const commits = async () => Promise.all(VERSIONS.map(async (version) => l.repo.rev(version)));

    it('of a small repository: a few fetches bring all', async () => {
      const found: string[] = [];
      const { children, requests } = await costs(async () => found.push(...(await all())));
      expect(found).toEqual(await commits());
      // What the host can do, its refs, and all commits: with the first of them, or right after it.
      expect(requests).toBeLessThanOrEqual(2 + 2);
      expect(children.filter((child) => child === 'fetch')).toEqual([]);
      expect((await costs(async () => zip('v1.9.30'))).requests).toBe(0);
      expect(await inMirror(l.vcsDir, 'content.git', 'fsck', '--no-dangling')).toBe('');
    });

    it('of a large repository: a few fetches bring all directories and each go.mod', async () => {
      await l.repo.write({ 'large.bin': randomBytes(1024 * 1024) }).commit('large');
      await l.repo.tag('v1.3.0');
      await info('v1.3.0');
      const found: string[] = [];
      const { requests } = await costs(async () => found.push(...(await all())));
      expect(found).toEqual(await commits());
      expect(requests).toBeLessThanOrEqual(4);
      expect(await filesIn('trees.git')).toHaveLength(1);
    });
  });

  it('a hundred clients at once: as much as one', async () => {
    expect(await costs(async () => Promise.all(Array.from({ length: 100 }, async () => zip())))).toEqual({
      children: ['config'],
      requests: 3,
    });
  });

  it('a host that knows no filters: an .info brings everything, once, and a zip nothing more', async () => {
    // As every local repository, without uploadpack.allowFilter.
    url = l.repo.dir;
    expect((await costs(info)).children).toEqual(['cat-file', 'fetch', 'ls-remote']);
    expect((await costs(zip)).children).toEqual(['archive']);
    expect((await costs(async () => info('v1.1.0'))).children).toEqual(['fetch']);
    expect((await costs(async () => zip('v1.1.0'))).children).toEqual(['archive']);
    expect(await inMirror(l.vcsDir, 'content.git', 'fsck', '--no-dangling')).toBe('');
  });
});
