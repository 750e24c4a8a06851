/**
 * Which repository holds a module path, where the rule alone cannot say.
 *
 * Below `/go/{path...}` a path may be a project, a project in a subgroup, or a package in one of these. Only the git
 * host knows: the longest repository that it has counts, and what it said is remembered, so that a path that is no
 * repository costs nothing the next time.
 */
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import { repoKey, type RepoUrl } from '../module/repo-url.js';
import type { RepoRoot } from '../vanity/rule.js';
import { isRefusedRepository } from '../vcs/refused-repository.js';
import type { CodeHost } from '../vcs/types.js';
import { createSingleflight } from '../concurrency/singleflight.js';

export interface RepoRoots {
  /** Throws MODULE_NOT_FOUND where no rule or no repository is, or what the host says if it cannot be asked. */
  find(path: string): Promise<RepoRoot>;
}

/** Repositories that a host is asked about, and which remember what it does not have. */
export interface HostedRepoRoots extends RepoRoots {
  /** There may be `repo` now: its host announced a push. Without it, anything may be there: rules or logins were edited. */
  forget(repo?: RepoUrl): void;
}

export interface RepoRootsOptions {
  /** The places that a path may mean, longest first. */
  candidates: (path: string) => RepoRoot[];
  host: CodeHost;
  refreshMs: () => number;
  /** Whether a path that no rule covers belongs to a public module, which only an upstream has. Default: never. */
  isPublic?: (path: string) => boolean;
}

/** How long "there is no such repository" is remembered, in milliseconds: a new project is found after this time. */
const ABSENT_MS = 60_000;
const MAX_REMEMBERED = 10_000;
/** Repositories that the host is asked about for one path, however long it is. */
const MAX_ASKED = 8;

export function createRepoRoots(options: RepoRootsOptions): HostedRepoRoots {
  return new HostedRoots(options);
}

class HostedRoots implements HostedRepoRoots {
  private readonly options: RepoRootsOptions;
  private readonly absent = new LRUCache<string, true>({ ...atMost(MAX_REMEMBERED), ttl: ABSENT_MS });
  private readonly flights = createSingleflight();
  /** Counts what was forgotten: an answer to an older question is not remembered. */
  private generation = 0;

  constructor(options: RepoRootsOptions) {
    this.options = options;
  }

  async find(path: string): Promise<RepoRoot> {
    const roots = this.options.candidates(path);
    const [only] = roots;
    if (only === undefined) {
      throw this.options.isPublic?.(path) === true ? notPassedThrough(path) : noRule(path);
    }
    if (only.foreign !== undefined) throw notGit(path, only.root, only.foreign.vcs);
    if (roots.length === 1 && !only.rule.takesRest) return only;
    const [longest, ...others] = likely(roots).filter((root) => !this.isKnownAbsent(root));
    // The path of a module is most often that of its repository: then one question is enough.
    const first = longest === undefined ? 'absent' : await this.exists(longest);
    if (first === 'present' && longest !== undefined) return longest;
    const found = await this.longestOf(others);
    if (found !== undefined && !(found instanceof ModhavenError)) return found;
    // Where a candidate was refused, it is not known that there is nothing.
    const refusal = first instanceof ModhavenError ? first : found;
    if (refusal !== undefined) throw refusal;
    throw new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: no repository for this path`, {
      reason: `the git host has none at ${only.repos[0]?.url ?? ''} or above it (rule ${only.rule.key})`,
      remedy: 'check the spelling, and that the login of the modhaven server may read the repository',
      remedyBy: 'admin',
    });
  }

  forget(repo?: RepoUrl): void {
    this.generation += 1;
    if (repo === undefined) this.absent.clear();
    else this.absent.delete(repoKey(repo));
  }

  /** The first of `roots` that the host has, else the first refusal; all are asked for at once. */
  private async longestOf(roots: RepoRoot[]): Promise<RepoRoot | ModhavenError | undefined> {
    const questions = roots.map((root) => ({ root, exists: this.exists(root) }));
    for (const { exists } of questions) exists.catch(() => undefined); // one that is not waited for may fail
    let refusal: ModhavenError | undefined;
    for (const { root, exists } of questions) {
      const answer = await exists;
      if (answer === 'present') return root;
      if (answer !== 'absent') refusal ??= answer;
    }
    return refusal;
  }

  private isKnownAbsent({ repos: [repo] }: RepoRoot): boolean {
    return repo === undefined || this.absent.has(repoKey(repo));
  }

  /**
   * What the host says about the repository of `root`: some hosts refuse what they do not have, so a refusal of this
   * repository does not end the search. Throws what keeps the host from answering at all.
   */
  private async exists({ repos: [repo] }: RepoRoot): Promise<'present' | 'absent' | ModhavenError> {
    if (repo === undefined || this.absent.has(repoKey(repo))) return 'absent';
    const { host, refreshMs } = this.options;
    const { generation } = this;
    return this.flights.run(`${generation} ${repoKey(repo)}`, async () => {
      try {
        await host.open(repo, refreshMs());
        return 'present';
      } catch (error) {
        if (isModhavenError(error) && isRefusedRepository(error)) return error;
        if (!isModhavenError(error, 'REPO_NOT_FOUND')) throw error;
        if (generation === this.generation) this.absent.set(repoKey(repo), true);
        return 'absent';
      }
    });
  }
}

/**
 * The candidates that are worth a question. Of a path with more elements than that, these are the longest (a module at
 * the root of its repository) and the shortest ones: git hosts nest groups a few levels deep, directories go deeper.
 */
function likely(roots: RepoRoot[]): RepoRoot[] {
  return roots.length <= MAX_ASKED ? roots : [...roots.slice(0, 1), ...roots.slice(1 - MAX_ASKED)];
}

function noRule(path: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: no rule for this path`, {
    reason: 'this server knows no repository for it',
    remedy: 'check the spelling; for a new module, add a rule to vanity.yaml',
    remedyBy: 'admin',
  });
}

/** There is no upstream, else it would have been asked. A developer can ask another proxy after this one. */
function notPassedThrough(path: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: no rule for this path`, {
    reason: 'this server passes no public modules through: it serves those of its own rules only',
    remedy:
      'add your public GOPROXY after this one (go env -w GOPROXY=THIS,PUBLIC), or have the admin set upstream: in the configuration of the server',
  });
}

/** The rule names a repository that go can fetch from directly, and this server cannot. */
function notGit(path: string, root: string, vcs: string): ModhavenError {
  return new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: only git is fetched here`, {
    reason: `the repository of ${root} is not git but ${vcs}`,
    remedy: `to fetch it from its host yourself: GONOPROXY=${root} GOVCS=${root}:${vcs}`,
  });
}
