/** What the mirrors on this machine hold, read without asking a host. */
import { join } from 'node:path';
import type { CommitHash } from '../module/commit-hash.js';
import type { RepoUrl } from '../module/repo-url.js';
import { BareRepo, isCommit } from './bare/bare-repo.js';
import { objectAt } from './names/object-name.js';
import { mirrorName, repositoriesOf } from './mirror/mirror-layout.js';

/** Reading an object is local work, bounded all the same. */
const TIMEOUT_MS = 30_000;

/**
 * The raw blobs at `paths` of `commit`, each undefined where there is none, or it was not fetched; undefined as a whole if
 * the mirror of `remote` below `dir` (`<cache.dir>/vcs`) does not have the commit, or is broken.
 */
export async function readLocalFiles(
  dir: string,
  remote: RepoUrl,
  commit: CommitHash,
  paths: string[],
): Promise<(Buffer | undefined)[] | undefined> {
  const options = { env: process.env, timeoutMs: TIMEOUT_MS };
  const mirror = repositoriesOf(join(dir, mirrorName(remote)));
  const content = new BareRepo({ dir: mirror.content, ...options });
  const trees = new BareRepo({ dir: mirror.trees, ...options, filtered: true });
  const specs = [commit, ...paths.map((path) => objectAt(commit, path))];
  for (const repo of [content, trees]) {
    const [holder, ...files] = await repo.objects(specs).catch(() => []);
    if (isCommit(holder)) return files.map((file) => (file?.type === 'blob' ? file.content : undefined));
  }
  return undefined;
}
