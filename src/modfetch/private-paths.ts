/**
 * Which module paths are private. What is private never leaves: it is asked of no upstream and of no public checksum
 * database, whatever fails.
 */
import { LRUCache } from 'lru-cache';
import { parsePathPatterns, plainSpelling, type PathPattern } from '../module/path-patterns.js';
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
 * one of its sub-domains, below the name of a git host that is ours, or if a private pattern matches it or another spelling of it.
 */
export function isPrivatePath(path: string, map: VanityMap, settings: PrivacySettings): boolean {
  return privacyOf(path, map, settings) !== undefined;
}

/** Characters of the paths whose answer is remembered: unknown clients may ask about long ones. */
const MAX_REMEMBERED = 4_000_000;

/**
 * `isPrivatePath` by the map and the settings in use; what it said is remembered until there are others. Lists ask it about
 * thousands of modules, and a rule with a `{name}` makes the address of a repository for each.
 */
export function rememberPrivacy(
  map: () => VanityMap,
  settings: () => PrivacySettings,
): (path: string) => boolean {
  const known = new LRUCache<string, boolean>({
    maxSize: MAX_REMEMBERED,
    sizeCalculation: (_, path) => path.length + 50,
  });
  let knownFor: { map: VanityMap; settings: PrivacySettings } | undefined;
  return (path) => {
    const [mapNow, settingsNow] = [map(), settings()];
    if (knownFor?.map !== mapNow || knownFor.settings !== settingsNow) {
      known.clear();
      knownFor = { map: mapNow, settings: settingsNow };
    }
    let isPrivate = known.get(path);
    if (isPrivate === undefined) {
      isPrivate = isPrivatePath(path, mapNow, settingsNow);
      known.set(path, isPrivate);
    }
    return isPrivate;
  };
}

/** What makes a path private. */
export type PrivateReason = 'rule' | 'vanity host' | 'git host' | 'pattern';

/** Why `path` is private; undefined if it is not. */
function privacyOf(path: string, map: VanityMap, settings: PrivacySettings): PrivateReason | undefined {
  if (map.resolve(path) !== undefined) return 'rule';
  if (matches(path, settings.publicPatterns)) return undefined;
  if (map.covers(path)) return 'vanity host';
  if (isGitHost(path, settings.hosts.keys())) return 'git host';
  return matchesAnySpelling(path, settings.privatePatterns) ? 'pattern' : undefined;
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
      const pattern = settings.privatePatterns.find((each) => matchesAnySpelling(path, [each]));
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

function matches(path: string, patterns: readonly string[]): boolean {
  return patterns.length > 0 && matchersOf(patterns).exact(path);
}

/** Another spelling of a private path leads to the same repository on most git hosts. */
function matchesAnySpelling(path: string, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return false;
  const { exact, lowerCase } = matchersOf(patterns);
  return exact(path) || lowerCase(path.toLowerCase()) || lowerCase(plainSpelling(path));
}

interface Matchers {
  exact: PathPattern;
  /** For paths in lower case. */
  lowerCase: PathPattern;
}

/** By the lists of the settings, which are asked about with each request. */
const parsed = new WeakMap<readonly string[], Matchers>();

/** The patterns were checked when the settings were read. */
function matchersOf(patterns: readonly string[]): Matchers {
  let matchers = parsed.get(patterns);
  if (matchers === undefined) {
    const list = patterns.join(',');
    const nothing = () => false;
    matchers = {
      exact: parsePathPatterns(list) ?? nothing,
      lowerCase: parsePathPatterns(list.toLowerCase()) ?? nothing,
    };
    parsed.set(patterns, matchers);
  }
  return matchers;
}
