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
  return privacyOf(path, map, settings) !== undefined;
}

/** What makes a path private. */
export type Privacy = 'rule' | 'vanity host' | 'git host' | 'pattern';

/** Why `path` is private; undefined if it is not. */
export function privacyOf(path: string, map: VanityMap, settings: PrivacySettings): Privacy | undefined {
  if (map.resolve(path) !== undefined) return 'rule';
  if (matches(path, settings.publicPatterns)) return undefined;
  if (map.covers(path)) return 'vanity host';
  if (isGitHost(path, settings.hosts.keys())) return 'git host';
  return matches(path, settings.privatePatterns) ? 'pattern' : undefined;
}

/** The same as a clause for people. */
export function whyPrivate(path: string, map: VanityMap, settings: PrivacySettings): string | undefined {
  const [host = ''] = path.split('/', 1);
  switch (privacyOf(path, map, settings)) {
    case 'rule':
      return 'a rule of vanity.yaml covers it';
    case 'vanity host':
      return `${host} is a host of vanity.yaml, one below it, or holds the repositories of its rules`;
    case 'git host':
      return `${host} has an entry under vcs.hosts`;
    case 'pattern': {
      const pattern = settings.privatePatterns.find((each) => matches(path, [each]));
      return `the pattern ${pattern ?? ''} of private: matches it`;
    }
    case undefined:
      return undefined;
  }
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
