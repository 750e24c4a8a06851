/** The layout of a mirror below `<cache.dir>/vcs`, written once: the writers of mirrors, their readers and `gc` share it. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { RepoUrl } from '../../module/repo-url.js';

/** The bare repositories of a mirror, by what they hold (`mirror.ts`). */
const REPOSITORIES = { content: 'content.git', trees: 'trees.git', history: 'history.git' } as const;

/**
 * The folder of a remote's mirror below `<cache.dir>/vcs`: by its address, and by the login where the address names one,
 * because a host may show another login other commits. The password is not part of it, so a new one keeps the mirror.
 */
export function mirrorName({ gitUrl, credentials }: RepoUrl): string {
  const name = credentials === undefined ? gitUrl : JSON.stringify([gitUrl, credentials.username]);
  return createHash('sha256').update(name).digest('hex');
}

/** Whether a folder called `name` is a mirror. */
export function isMirrorName(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** The folders of the three repositories of the mirror in `dir`. */
export function repositoriesOf(dir: string): Record<keyof typeof REPOSITORIES, string> {
  const { content, trees, history } = REPOSITORIES;
  return { content: join(dir, content), trees: join(dir, trees), history: join(dir, history) };
}
