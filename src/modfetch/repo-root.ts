/**
 * Which repository holds a module path, where the rule alone cannot say.
 *
 * Below `/go/{path...}` a path may be a project, a project in a subgroup, or a package in one of these. Only the host
 * knows: it is asked from the longest candidate to the shortest, and what it said is remembered, so that a path that
 * is no repository costs nothing the next time.
 */
import { LRUCache } from 'lru-cache';
import { ModhavenError, isModhavenError } from '../errors.js';
import type { RepoRoot } from '../vanity/rule.js';
import type { CodeHost } from '../vcs/types.js';
import { createSingleflight } from '../concurrency/singleflight.js';

export interface RepoRoots {
  /** Throws MODULE_NOT_FOUND where no rule or no repository is, or what the host says if it cannot be asked. */
  find(path: string): Promise<RepoRoot>;
}

export interface RepoRootsOptions {
  candidates: (path: string) => RepoRoot[];
  host: CodeHost;
  refreshMs: () => number;
}

/** How long "there is no such repository" is remembered, in milliseconds: a new project is found after this time. */
const ABSENT_MS = 60_000;
const MAX_REMEMBERED = 10_000;

export function createRepoRoots({ candidates, host, refreshMs }: RepoRootsOptions): RepoRoots {
  const absent = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: ABSENT_MS });
  const flights = createSingleflight();

  /** Whether the host has the repository of `root`. */
  async function exists(root: RepoRoot): Promise<boolean> {
    const [repo] = root.repos;
    if (repo === undefined || absent.has(repo.gitUrl)) return false;
    return flights.run(repo.gitUrl, async () => {
      try {
        await host.open(repo, refreshMs());
        return true;
      } catch (error) {
        if (!isModhavenError(error, 'REPO_NOT_FOUND')) throw error;
        absent.set(repo.gitUrl, true);
        return false;
      }
    });
  }

  return {
    async find(path) {
      const roots = candidates(path);
      const [only] = roots;
      if (only === undefined)
        throw new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: no rule for this path`, {
          reason: 'vanity.yaml of the modhaven server names no repository for it',
          remedy: 'check the spelling; for a new module, add a rule to vanity.yaml',
        });
      if (roots.length === 1 && !only.rule.takesRest) return only;
      for (const root of roots) if (await exists(root)) return root;
      throw new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: no repository for this path`, {
        reason: `the git host has none at ${only.repos[0]?.url ?? ''} or above it (rule ${only.rule.key})`,
        remedy: 'check the spelling, and that the login of the modhaven server may read the repository',
      });
    },
  };
}
