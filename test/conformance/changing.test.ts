/**
 * A repository that changes while it is served: what is new is found, what was served stays as it was.
 *
 * The order of steps within a test matters; every test has a repository of its own.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GitRepo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { goMod } from './go-mod-text.js';
import { startLab, type Lab } from './lab.js';
import { goModHash, zipHash } from './module-hash.js';
import { takeTruth } from './truth.js';
import type { ConformanceCase, QueryTruth } from './types.js';

const NAMES = [
  'newtag',
  'movedtag',
  'pinned',
  'deletedtag',
  'deletedbranch',
  'forcepush',
  'moved',
  'gone',
] as const;
type Name = (typeof NAMES)[number];

interface Reply {
  status: number;
  body: Buffer;
}

/** The three files of a version. */
type Files = Record<'info' | 'mod' | 'zip', string>;

describe.skipIf(missing('go', 'git'))('a repository that changes', () => {
  const repos = new Map<string, GitRepo>();
  const testCase: ConformanceCase = {
    name: 'changing',
    build: async (make) => {
      for (const name of NAMES) {
        const r = await make(name);
        await r.write({ 'go.mod': goMod(moduleOf(name)), 'a.go': 'package a // 1\n' }).commit('1');
        await r.tag('v1.0.0');
        repos.set(name, r);
      }
      return undefined;
    },
    rules: Object.fromEntries(NAMES.map((name) => [moduleOf(name), { repo: name }])),
    queries: [],
    lists: [],
  };
  let lab: Lab | undefined;

  beforeAll(async () => {
    lab = await startLab([testCase], { refresh: '0s' });
    await lab.build(testCase);
  });
  afterAll(async () => lab?.stop());

  function repoOf(name: Name): GitRepo {
    const found = repos.get(name);
    if (found === undefined) throw new Error(`no repository ${name}`);
    return found;
  }
  async function get(name: Name, file: string): Promise<Reply> {
    const response = await fetch(`${lab?.modhaven.url ?? ''}/${moduleOf(name)}/${file}`);
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  }
  async function list(name: Name): Promise<string[]> {
    const { status, body } = await get(name, '@v/list');
    expect(status).toBe(200);
    return body.toString().split('\n').slice(0, -1);
  }
  async function files(name: Name, version: string): Promise<Files> {
    const read = async (kind: string): Promise<string> => {
      const { status, body } = await get(name, `@v/${version}.${kind}`);
      expect({ status, text: status === 200 ? '' : body.toString() }).toEqual({ status: 200, text: '' });
      return body.toString('base64');
    };
    return { info: await read('info'), mod: await read('mod'), zip: await read('zip') };
  }
  /** The version that a query is right now. */
  async function versionOf(name: Name, query: string): Promise<string> {
    const { status, body } = await get(name, `@v/${query}.info`);
    expect(status).toBe(200);
    return (JSON.parse(body.toString()) as { Version: string }).Version;
  }
  /** What go in direct mode, which knows nothing of the past, says now. */
  async function oracle(name: Name, query: string): Promise<QueryTruth> {
    if (lab === undefined) throw new Error('no lab');
    const queries = [`${moduleOf(name)}@${query}`];
    const truth = await takeTruth({ queries, lists: [] }, lab.direct, async (job) => job());
    return truth.queries[queries[0] ?? ''] ?? {};
  }
  async function expectToBe(found: Files, truth: QueryTruth): Promise<void> {
    expect(JSON.parse(Buffer.from(found.info, 'base64').toString())).toEqual({
      Version: truth.Version,
      Time: truth.Time,
      Origin: truth.Origin,
    });
    expect(goModHash(Buffer.from(found.mod, 'base64'))).toBe(truth.GoModSum);
    expect(await zipHash(Buffer.from(found.zip, 'base64'))).toBe(truth.Sum);
  }

  it('shows a new tag at once', async () => {
    const r = repoOf('newtag');
    expect(await list('newtag')).toEqual(['v1.0.0']);
    expect((await get('newtag', '@v/v1.1.0.info')).status).toBe(404);
    await r.at('2024-02-01T00:00:00Z').write({ 'a.go': 'package a // 2\n' }).commit('2');
    const untagged = await versionOf('newtag', 'main');
    expect(untagged).toMatch(/^v1\.0\.1-0\.20240201000000-[0-9a-f]{12}$/);
    const truth = await oracle('newtag', untagged);
    await r.tag('v1.1.0');
    expect(await list('newtag')).toEqual(['v1.0.0', 'v1.1.0']);
    expect(await versionOf('newtag', 'main')).toBe('v1.1.0');
    await expectToBe(await files('newtag', 'v1.1.0'), await oracle('newtag', 'v1.1.0'));
    // What the commit was called before was served and stays.
    await expectToBe(await files('newtag', untagged), truth);
  });

  it('does not follow a tag that was moved', async () => {
    const r = repoOf('movedtag');
    const before = await files('movedtag', 'v1.0.0');
    await expectToBe(before, await oracle('movedtag', 'v1.0.0'));
    const second = await r
      .at('2024-02-01T00:00:00Z')
      .write({ 'a.go': 'package a // moved\n', 'go.mod': goMod(moduleOf('movedtag'), '// moved') })
      .commit('2');
    await r.tag('v1.0.0', { force: true });
    const now = await oracle('movedtag', 'v1.0.0');
    expect(now.Origin).toMatchObject({ Hash: second });
    expect(await files('movedtag', 'v1.0.0')).toEqual(before);
  });

  it('makes mod and zip of the commit that info named, wherever the tag is by then', async () => {
    const r = repoOf('pinned');
    const truth = await oracle('pinned', 'v1.0.0');
    expect(await versionOf('pinned', 'v1.0.0')).toBe('v1.0.0');
    await r.at('2024-02-01T00:00:00Z').write({ 'a.go': 'package a // moved\n' }).commit('2', { parents: [] });
    await r.tag('v1.0.0', { force: true });
    await expectToBe(await files('pinned', 'v1.0.0'), truth);
  });

  it('keeps what was served of a tag that was deleted', async () => {
    const r = repoOf('deletedtag');
    await r.tag('v1.1.0');
    const before = await files('deletedtag', 'v1.0.0');
    await r.git('tag', '-d', 'v1.0.0');
    expect(await list('deletedtag')).toEqual(['v1.1.0']);
    expect(await files('deletedtag', 'v1.0.0')).toEqual(before);
    await r.git('tag', '-d', 'v1.1.0');
    expect(await list('deletedtag')).toEqual([]);
    expect((await get('deletedtag', '@v/v1.1.0.info')).status).toBe(404);
  });

  it('forgets a deleted branch, not the versions served of it', async () => {
    const r = repoOf('deletedbranch');
    const root = await r.rev('main');
    const tip = await r
      .checkout('dev')
      .at('2024-02-01T00:00:00Z')
      .write({ 'a.go': 'package a // dev\n' })
      .commit('dev', { parents: [root] });
    const version = await versionOf('deletedbranch', 'dev');
    const before = await files('deletedbranch', version);
    await r.git('update-ref', '-d', 'refs/heads/dev');
    expect((await get('deletedbranch', '@v/dev.info')).status).toBe(404);
    expect((await get('deletedbranch', `@v/${tip}.info`)).status).toBe(404);
    expect(await files('deletedbranch', version)).toEqual(before);
    expect((await get('deletedbranch', `@v/v0.0.0-20240201000000-${tip.slice(0, 12)}.info`)).status).toBe(
      404,
    );
  });

  it('follows a force push, without losing what was served', async () => {
    const r = repoOf('forcepush');
    const root = await r.rev('main');
    const lost = await r.at('2024-02-01T00:00:00Z').write({ 'a.go': 'package a // lost\n' }).commit('lost');
    const tip = await r.at('2024-02-02T00:00:00Z').write({ 'a.go': 'package a // tip\n' }).commit('tip');
    const version = await versionOf('forcepush', 'main');
    const before = await files('forcepush', version);
    await expectToBe(before, await oracle('forcepush', version));
    await r
      .at('2024-03-01T00:00:00Z')
      .write({ 'a.go': 'package a // new\n' })
      .commit('new', { parents: [root] });
    const next = await versionOf('forcepush', 'main');
    await expectToBe(await files('forcepush', next), await oracle('forcepush', next));
    for (const hash of [lost, tip]) expect((await get('forcepush', `@v/${hash}.info`)).status).toBe(404);
    expect(await files('forcepush', version)).toEqual(before);
  });

  it('says gone where the commit of a known version cannot be had any more', async () => {
    const r = repoOf('moved');
    expect(await versionOf('moved', 'v1.0.0')).toBe('v1.0.0');
    await r.at('2024-02-01T00:00:00Z').write({ 'a.go': 'package a // moved\n' }).commit('2', { parents: [] });
    await r.tag('v1.0.0', { force: true });
    await rm(path.join(lab?.modhaven.cacheDir ?? '', 'vcs'), { recursive: true });
    const { status, body } = await get('moved', '@v/v1.0.0.zip');
    expect(status).toBe(410);
    expect(body.toString()).toMatch(/^gone: example\.com\/changing\/moved@v1\.0\.0: /);
    expect((await get('moved', '@v/v1.0.0.info')).status).toBe(200);
  });

  it('serves what it has of a repository that is gone', async () => {
    const before = await files('gone', 'v1.0.0');
    await repoOf('gone').stop();
    expect(await files('gone', 'v1.0.0')).toEqual(before);
    expect((await get('gone', '@v/v1.1.0.info')).status).toBe(404);
    expect((await get('gone', '@v/list')).status).toBe(404);
  });
});

function moduleOf(name: Name): string {
  return `example.com/changing/${name}`;
}
