/** Makes what `trees.git` has of a commit part of `content.git`, so that it need not be fetched again. */
import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { linkFirst } from '../../fs/durable-file.js';
import type { BareRepo } from '../bare/bare-repo.js';
import { git, lines, localPath } from '../names/git-words.js';
import { isHash, type ObjectHash } from '../names/object-name.js';
import { runGit } from '../transport/git-exec.js';
import { shallowCommits } from '../bare/commit-refs.js';

/**
 * Links the packs of `from`, which hold `commit` with all its files although less was asked for, into `to`. Both are
 * shallow and on one disk; only inside of `write` of both. Where it fails midway, what is in `to` is whole: a pack leaves out
 * only what older ones hold.
 */
export async function reuseCommit(from: BareRepo, to: BareRepo, commit: ObjectHash): Promise<void> {
  const packs = join(from.dir, 'objects', 'pack');
  const indexes = (await readdir(packs)).filter((name) => /^pack-[0-9a-f]+\.idx$/.test(name));
  const byAge = indexes
    .map((name) => ({ name, madeMs: statSync(join(packs, name)).mtimeMs }))
    .sort((a, b) => a.madeMs - b.madeMs);
  for (const { name } of byAge) {
    // An index makes its pack visible, so the pack comes first.
    for (const each of [name.replace(/idx$/, 'pack'), name]) {
      await linkFirst(join(packs, each), join(to.dir, 'objects', 'pack', each));
    }
  }
  recordCommit(from, to, commit);
}

/** What of a commit's files is where. */
export interface Inventory {
  /** Hashes of the files that neither repository has. */
  missing: ObjectHash[];
  /** Hashes of everything else below the commit. */
  present: ObjectHash[];
}

/** What of `commit`, whose directories `trees` has, one of both repositories has. */
export async function takeInventory(
  trees: BareRepo,
  content: BareRepo,
  commit: ObjectHash,
): Promise<Inventory> {
  const args = git`rev-list --objects --no-object-names --missing=print ${commit}^{tree}`;
  const listed = (await runGit({ args, ...together(trees, content) })).toString('latin1').split('\n');
  return {
    missing: listed.flatMap((line) => (line.startsWith('?') ? [line.slice(1)] : [])).filter(isHash),
    present: listed.filter(isHash),
  };
}

/**
 * Copies `commit` and what `present` names into `content`, as far as it is not there. The files that were missing must
 * have been fetched before: from now on the commit counts as complete.
 */
export async function reuseTrees(
  trees: BareRepo,
  content: BareRepo,
  commit: ObjectHash,
  present: readonly ObjectHash[],
): Promise<void> {
  const base = localPath(join(content.dir, 'objects', 'pack', 'pack'));
  const args = git`pack-objects -q --local ${base}`;
  const input = lines([commit, ...present]);
  await runGit({ args, ...together(trees, content), input });
  recordCommit(trees, content, commit);
}

/** Copying directories is local work, bounded all the same. */
const TIMEOUT_MS = 60_000;

/** To read `trees` with the objects of `content` behind its own. */
function together(trees: BareRepo, content: BareRepo) {
  const objects = join(content.dir, 'objects');
  return {
    cwd: trees.dir,
    env: { ...trees.env, GIT_ALTERNATE_OBJECT_DIRECTORIES: objects },
    timeoutMs: TIMEOUT_MS,
  };
}

/** Notes that `to` has `commit`, which has parents there only if it has them in `from`. */
function recordCommit(from: BareRepo, to: BareRepo, commit: ObjectHash): void {
  const cut = shallowCommits(from.dir).filter((hash) => hash === commit);
  to.recordCommits([commit], cut);
}
