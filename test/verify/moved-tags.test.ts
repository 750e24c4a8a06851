import { describe, expect, it } from 'vitest';
import { parseRepoUrl, type RepoUrl } from '../../src/module/repo-url.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { putBytes } from '../../src/store/version-store.js';
import { createTagWatch, type TagRefs } from '../../src/verify/moved-tags.js';
import { tempDir } from '../support/tmp.js';
import { labModule } from './move-lab.js';

const HOME = parseRepoUrl('http://git.corp/same.git', '/');
const OTHER = parseRepoUrl('http://new.corp/same.git', '/');
const MODULE = labModule('same');
const COMMIT = 'a'.repeat(40);
const MOVED = 'b'.repeat(40);

/** Refs that were asked for just now, or in the future so that they are newer than anything that was read. */
function refs(tags: Record<string, string>, askedAt = Date.now() + 60_000): TagRefs {
  return { refs: new Map(Object.entries(tags).map(([tag, hash]) => [`refs/tags/${tag}`, hash])), askedAt };
}

async function watch(versions: CanonicalVersion[] = ['v1.0.0'], from: RepoUrl = HOME, listHoldsMs?: number) {
  const store = createDiskStore(await tempDir('store'));
  const add = (version: CanonicalVersion, ref = `refs/tags/${version}`) => {
    const origin = { VCS: 'git', URL: from.url, Hash: COMMIT, Ref: ref };
    const info = { Version: version, Time: '2024-01-02T03:04:05Z', Origin: origin };
    return putBytes(store, { module: MODULE, version, kind: 'info' }, Buffer.from(JSON.stringify(info)));
  };
  for (const version of versions) await add(version);
  const warnings: { fields: Record<string, unknown>; message: string }[] = [];
  const log = {
    warn: (fields: Record<string, unknown>, message: string) => void warnings.push({ fields, message }),
    error: (fields: unknown) => expect.unreachable(JSON.stringify(fields)),
  } as never;
  const foreign: string[] = [];
  const refreshed: string[] = [];
  let lists = 0;
  const tags = createTagWatch({
    store: {
      versions(module, kind) {
        lists += 1;
        return store.versions(module, kind);
      },
      read: (part) => store.read(part),
    },
    log,
    listHoldsMs,
    onForeign: (module) => void foreign.push(module),
    refresh: (remote) => void refreshed.push(remote.url),
  });
  async function sees(remote: RepoUrl, listed: TagRefs): Promise<void> {
    tags.sees(MODULE, remote, () => listed);
    await tags.idle();
  }
  async function asked(remote: RepoUrl, listed: TagRefs): Promise<void> {
    tags.refs(remote, listed);
    await tags.idle();
  }
  return { tags, warnings, foreign, refreshed, add, sees, asked, lists: () => lists };
}

describe('createTagWatch', () => {
  it('says nothing while tags stay where they were', async () => {
    const { tags, warnings, sees, asked } = await watch();
    await sees(HOME, refs({ 'v1.0.0': COMMIT }));
    await asked(HOME, refs({ 'v1.0.0': COMMIT, 'v1.1.0': MOVED }));
    expect([tags.report(), warnings]).toEqual([[], []]);
  });

  it('reports a tag that was moved, once', async () => {
    const { tags, warnings, sees, asked } = await watch();
    await sees(HOME, refs({ 'v1.0.0': COMMIT }));
    for (let i = 0; i < 3; i += 1) await asked(HOME, refs({ 'v1.0.0': MOVED }));
    expect(warnings).toEqual([
      {
        fields: {
          module: MODULE,
          version: 'v1.0.0',
          repository: HOME.url,
          tag: 'v1.0.0',
          served: COMMIT,
          now: MOVED,
        },
        message: 'a tag was moved; it is not followed, the version stays as it was served',
      },
    ]);
    expect(tags.report()).toEqual([
      expect.objectContaining({ module: MODULE, version: 'v1.0.0', served: COMMIT, now: MOVED }),
    ]);
  });

  it('lists a bucket once for a while, and knows what is stored from here meanwhile', async () => {
    const { tags, add, sees, asked, lists } = await watch(['v1.0.0'], HOME, 60_000);
    await sees(HOME, refs({ 'v1.0.0': COMMIT }));
    await add('v1.1.0');
    tags.stored({ module: MODULE, version: 'v1.1.0' });
    tags.stored({ module: MODULE, version: 'v1.2.0' }); // its .info is not there yet
    await asked(HOME, refs({ 'v1.0.0': COMMIT, 'v1.1.0': MOVED }));
    await add('v1.2.0');
    tags.stored({ module: MODULE, version: 'v1.2.0' });
    await asked(HOME, refs({ 'v1.0.0': COMMIT, 'v1.1.0': MOVED, 'v1.2.0': MOVED }));
    expect(tags.report().map(({ version }) => version)).toEqual(['v1.1.0', 'v1.2.0']);
    expect(lists()).toBe(1);
  });

  it('lists a disk each time, on which other processes store, too', async () => {
    const { tags, add, sees, asked, lists } = await watch();
    await sees(HOME, refs({ 'v1.0.0': COMMIT }));
    await add('v1.1.0');
    await asked(HOME, refs({ 'v1.0.0': COMMIT, 'v1.1.0': MOVED }));
    expect(tags.report().map(({ version }) => version)).toEqual(['v1.1.0']);
    expect(lists()).toBe(2);
  });

  it('reports a tag that was deleted, and forgets it when it is put back', async () => {
    const { tags, warnings, sees, asked } = await watch();
    await sees(HOME, refs({}));
    expect(warnings.map(({ message }) => message)).toEqual([
      'a tag was deleted; the version stays as it was served',
    ]);
    expect(tags.report()).toMatchObject([{ now: undefined }]);
    await asked(HOME, refs({ 'v1.0.0': COMMIT }));
    expect(tags.report()).toEqual([]);
  });

  it('asks again in place of believing refs that may be older than the version', async () => {
    const { tags, warnings, refreshed, sees, asked } = await watch();
    await sees(HOME, refs({}, Date.now() - 1));
    expect([warnings, tags.report(), refreshed]).toEqual([[], [], [HOME.url]]);
    await asked(HOME, refs({ 'v1.0.0': COMMIT }));
    expect(warnings).toEqual([]);
    await asked(HOME, refs({ 'v1.0.0': MOVED }));
    expect(warnings).toHaveLength(1);
  });

  it('compares versions that were stored meanwhile, too', async () => {
    const { warnings, add, sees, asked } = await watch();
    await sees(HOME, refs({ 'v1.0.0': COMMIT }));
    await add('v1.1.0', 'refs/tags/sub/v1.1.0');
    await asked(HOME, refs({ 'v1.0.0': COMMIT, 'sub/v1.1.0': MOVED }));
    expect(warnings.map(({ fields }) => fields.tag)).toEqual(['sub/v1.1.0']);
  });

  it.each([
    {
      name: 'a pseudo-version',
      version: 'v0.0.0-20240102030405-aaaaaaaaaaaa' as const,
      ref: 'refs/heads/main',
    },
    { name: 'a version that no tag stands for', version: 'v1.2.0' as const, ref: 'refs/heads/v1.2.0' },
  ])('leaves $name alone', async ({ version, ref }) => {
    const { warnings, add, sees } = await watch([]);
    await add(version, ref);
    await sees(HOME, refs({}));
    expect(warnings).toEqual([]);
  });

  it('knows only the modules that were asked for', async () => {
    const { warnings, asked } = await watch();
    await asked(HOME, refs({}));
    expect(warnings).toEqual([]);
  });

  it('leaves another commit at another home to those who look at content, and reports what moves from then on', async () => {
    const { warnings, foreign, sees, asked } = await watch();
    await sees(OTHER, refs({ 'v1.0.0': MOVED }));
    await asked(OTHER, refs({ 'v1.0.0': MOVED }));
    expect([warnings, foreign]).toEqual([[], [MODULE]]);
    await asked(OTHER, refs({ 'v1.0.0': 'c'.repeat(40) }));
    expect(warnings).toHaveLength(1);
    await asked(OTHER, refs({}));
    expect(warnings).toHaveLength(2);
    expect(foreign).toEqual([MODULE]);
  });

  it('reports a move at another home that had the same commit at first', async () => {
    const { warnings, foreign, sees, asked } = await watch();
    await sees(OTHER, refs({ 'v1.0.0': COMMIT }));
    await asked(OTHER, refs({ 'v1.0.0': MOVED }));
    expect([warnings.map(({ fields }) => fields.now), foreign]).toEqual([[MOVED], []]);
  });

  it('has the content looked at again when a tag appears at another home', async () => {
    const { warnings, foreign, sees, asked } = await watch();
    await sees(OTHER, refs({}));
    expect(foreign).toEqual([MODULE]);
    await asked(OTHER, refs({}));
    await asked(OTHER, refs({ 'v1.0.0': MOVED }));
    expect([warnings, foreign]).toEqual([[], [MODULE, MODULE]]);
  });
});
