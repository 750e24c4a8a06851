/**
 * Which repository decides who may read a module, where the git host does (`auth: git_host`). Only http and https hosts know
 * the login of a caller.
 */
import { isNotExist } from '../errors.js';
import { DEFAULT_PORTS, type RepoUrl } from '../module/repo-url.js';
import type { VanityMap } from '../vanity/vanity-map.js';
import type { RepoRoots } from './repo-root.js';

/** The hosts that may decide: all, or these (`HOST` or `HOST:PORT`, in lower case). */
export type JudgeScope = 'all' | readonly string[];

export interface JudgingRepository {
  repo: RepoUrl;
  /**
   * Whether it is the repository of the module. Where there is none, another repository of the same rules
   * decides, so that a wrong login and a right one get the same response whether or not the module exists.
   */
  isOwn: boolean;
}

export interface JudgingRepositoryOptions {
  vanity: () => VanityMap;
  roots: RepoRoots;
}

/**
 * The repository for `module`, or for logins as such; undefined where no rule has one on a host in `scope`. Rejects with
 * what the git host says if it cannot be asked where a module is.
 */
export async function judgingRepository(
  { vanity, roots }: JudgingRepositoryOptions,
  module: string | undefined,
  scope: JudgeScope,
): Promise<JudgingRepository | undefined> {
  const map = vanity();
  const own = module === undefined ? undefined : await repositoryOf(map, roots, module);
  if (own !== undefined && mayJudge(own.repo, scope)) return own;
  for (const rule of map.rules) {
    const repo = rule.isPattern ? sampleOf(map, rule.elements) : rule.repos[0];
    if (repo !== undefined && mayJudge(repo, scope)) return { repo, isOwn: false };
  }
  return undefined;
}

async function repositoryOf(
  map: VanityMap,
  roots: RepoRoots,
  module: string,
): Promise<JudgingRepository | undefined> {
  const [longest, ...others] = map.candidates(module);
  const repo = longest?.repos[0];
  if (longest === undefined || repo === undefined) return undefined;
  if (others.length === 0 && !longest.rule.takesRest) return { repo, isOwn: true };
  try {
    const [found] = (await roots.find(module)).repos;
    return found && { repo: found, isOwn: true };
  } catch (error) {
    if (!isNotExist(error)) throw error;
    return { repo, isOwn: false };
  }
}

/** A repository that a pattern stands for, whether there is one or not. */
function sampleOf(map: VanityMap, elements: readonly string[]): RepoUrl | undefined {
  const path = elements.map((element) => element.replace(/\{[^{}]*\}/, 'modhaven')).join('/');
  return map.candidates(path)[0]?.repos[0];
}

function mayJudge({ scheme, host, port }: RepoUrl, scope: JudgeScope): boolean {
  if (scheme !== 'http' && scheme !== 'https') return false;
  return (
    scope === 'all' || scope.includes(host) || scope.includes(`${host}:${port ?? DEFAULT_PORTS[scheme]}`)
  );
}
