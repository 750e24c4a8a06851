/**
 * Which module paths are private. What is private never leaves: it is asked of no upstream and of no public checksum
 * database, whatever fails.
 */
import { parsePathPatterns } from '../module/path-patterns.js';
import { isPublicHost, type VanityMap } from '../vanity/vanity-map.js';

/** What the settings say about privacy. */
export interface PrivacySettings {
  /** By `HOST`, `HOST:PORT` or one of these and a path. */
  hosts: ReadonlyMap<string, unknown>;
  /** Patterns as in GOPRIVATE. */
  privatePatterns: readonly string[];
  publicPatterns: readonly string[];
}

/**
 * Whether `path` is private. What a rule covers always is. Else it is unless a public pattern matches: below a vanity host or
 * one of its sub-domains, below the name of a git host that is ours, or if a private pattern matches.
 */
export function isPrivatePath(path: string, map: VanityMap, settings: PrivacySettings): boolean {
  if (map.resolve(path) !== undefined) return true;
  if (matches(path, settings.publicPatterns)) return false;
  return (
    map.covers(path) || isGitHost(path, settings.hosts.keys()) || matches(path, settings.privatePatterns)
  );
}

/** No public module is below a host that has an entry in the settings, unless everybody's modules are there. */
function isGitHost(path: string, hostKeys: Iterable<string>): boolean {
  const [host = ''] = path.split('/', 1);
  return [...hostKeys].some((key) => key.replace(/[:/].*$/, '') === host) && !isPublicHost(host);
}

/** The patterns were checked when the settings were read. */
function matches(path: string, patterns: readonly string[]): boolean {
  return patterns.length > 0 && (parsePathPatterns(patterns.join(','))?.(path) ?? false);
}
