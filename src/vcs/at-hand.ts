/** What the mirrors on this machine hold, read without asking anybody. */
import { join } from 'node:path';
import type { RepoUrl } from '../module/repo-url.js';
import { bareRepo } from './bare-repo.js';
import { isCommit, mirrorName } from './mirror.js';

/** Reading an object is local work, bounded all the same. */
const TIMEOUT_MS = 30_000;

/**
 * The raw blobs at `paths` of `commit`, each undefined where there is none; undefined as a whole if the mirror of
 * `remote` below `dir` (`<cache.dir>/vcs`) does not have the commit, or is broken.
 */
export async function filesAtHand(
  dir: string,
  remote: RepoUrl,
  commit: string,
  paths: string[],
): Promise<(Buffer | undefined)[] | undefined> {
  const mirror = bareRepo(join(dir, mirrorName(remote), 'content.git'), process.env, TIMEOUT_MS);
  const specs = [commit, ...paths.map((path) => `${commit}:${path}`)];
  const objects = await mirror.objects(specs).catch(() => []);
  const [holder, ...files] = objects;
  if (!isCommit(holder)) return undefined;
  return files.map((file) => (file?.type === 'blob' ? file.content : undefined));
}
