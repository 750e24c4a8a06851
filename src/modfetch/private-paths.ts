/**
 * Which module paths are private. What is private never leaves: it is asked of no upstream and of no public checksum
 * database, whatever fails.
 */
import { isPublicHost, type VanityMap } from '../vanity/vanity-map.js';

/**
 * Whether `path` is private: below a rule, below a vanity host at all, or below the name of a git host that has an entry
 * in the settings (`hostKeys`, as in `vcs.hosts`), because no public module is there.
 */
export function isPrivatePath(path: string, map: VanityMap, hostKeys: Iterable<string>): boolean {
  return map.covers(path) || isGitHost(path, hostKeys);
}

function isGitHost(path: string, hostKeys: Iterable<string>): boolean {
  const [host = ''] = path.split('/', 1);
  return [...hostKeys].some((key) => key.replace(/[:/].*$/, '') === host) && !isPublicHost(host);
}
