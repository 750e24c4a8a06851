/**
 * What `modhaven check` tries: the modules named on the command line; else every rule. A rule with a `{name}` stands for
 * no repository in particular, so the modules below it that the cache knows stand in for it.
 */
import { ModhavenError } from '../../errors.js';
import { localNames } from './local-names.js';
import type { VersionStore } from '../../store/version-store.js';
import type { VanityRule } from '../../vanity/rule.js';
import type { VanityMap } from '../../vanity/vanity-map.js';

export interface CheckTarget {
  rule: VanityRule;
  /** Undefined for a pattern of which no module is known. */
  module: string | undefined;
}

export interface CheckTargetsOptions {
  /** Module paths; empty for every rule. */
  modules: readonly string[];
  /** What stands for every `{name}` of a pattern of which no module is stored. */
  name: string | undefined;
  store: StoredModules;
}

/** The modules of which anything is stored; undefined where that is not known. */
type StoredModules = Pick<VersionStore, 'modules'> | undefined;

export interface CheckTargets {
  /** In the order of the file, or of the modules. */
  targets: CheckTarget[];
  /** Modules that no rule covers. */
  uncovered: string[];
}

/** Throws CONFIG if no rule covers any of the modules. */
export async function checkTargets(map: VanityMap, options: CheckTargetsOptions): Promise<CheckTargets> {
  const { modules, name, store } = options;
  if (modules.length === 0) return { targets: await ruleTargets(map, name, store), uncovered: [] };
  const targets = modules.flatMap((module): CheckTarget[] => {
    const root = map.resolve(module);
    return root === undefined ? [] : [{ rule: root.rule, module }];
  });
  const uncovered = modules.filter((module) => map.resolve(module) === undefined);
  if (targets.length > 0) return { targets, uncovered };
  throw new ModhavenError('CONFIG', `no rule in ${map.file} covers ${uncovered.join(', ')}`, {
    remedy: 'check the spelling, or add a rule',
  });
}

async function ruleTargets(
  map: VanityMap,
  name: string | undefined,
  store: StoredModules,
): Promise<CheckTarget[]> {
  const known = await knownModules(map, store);
  const targets = map.rules.map(async (rule): Promise<CheckTarget[]> => {
    // A warning of the file has said that nothing is fetched there.
    if (rule.foreign !== undefined) return [];
    if (!rule.isPattern) return [{ rule, module: rule.prefix }];
    const below = known.get(rule) ?? [];
    if (below.length > 0) return below.map((module) => ({ rule, module }));
    const names = name === undefined ? await namesOnDisk(map, rule) : [name];
    return names.length === 0
      ? [{ rule, module: undefined }]
      : names.map((each) => ({ rule, module: withName(rule, each) }));
  });
  return (await Promise.all(targets)).flat();
}

/** What may stand for the name of a pattern whose repositories lie on this machine. */
async function namesOnDisk(map: VanityMap, rule: VanityRule): Promise<string[]> {
  const marker = 'modhaven-name';
  const [repo] = map.resolve(withName(rule, marker))?.repos ?? [];
  if (repo === undefined || !repo.local || rule.takesRest) return [];
  return localNames(repo.path.replaceAll(marker, '{name}'));
}

/** A module path below a pattern: `name` in place of every `{name}`. */
export function withName({ elements }: VanityRule, name: string): string {
  return elements.map((element) => (element.startsWith('{') ? name : element)).join('/');
}

/** For each pattern one cached module of every repository that it has led to. */
async function knownModules(map: VanityMap, store: StoredModules): Promise<Map<VanityRule, string[]>> {
  const known = new Map<VanityRule, Map<string, string>>();
  if (store === undefined || !map.rules.some((rule) => rule.isPattern)) return new Map();
  for await (const module of store.modules()) {
    const root = map.resolve(module);
    if (root?.rule.isPattern !== true) continue;
    const below = known.get(root.rule) ?? new Map<string, string>();
    // Where only the host knows which part is the repository, every module is tried.
    const repository = root.rule.takesRest ? module : root.root;
    if (!below.has(repository)) below.set(repository, module);
    known.set(root.rule, below);
  }
  return new Map([...known].map(([rule, below]) => [rule, [...below.values()]]));
}
