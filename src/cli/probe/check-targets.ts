/**
 * What `modhaven check` tries: the modules named on the command line; else every rule. A rule with a `{name}` stands for
 * no repository in particular, so the modules below it that the cache knows stand in for it.
 */
import { ModhavenError } from '../../errors.js';
import type { VersionStore } from '../../store/version-store.js';
import type { VanityRule } from '../../vanity/rule.js';
import type { VanityMap } from '../../vanity/vanity-map.js';

export interface Target {
  rule: VanityRule;
  /** Undefined for a pattern of which no module is known. */
  module: string | undefined;
}

/** The targets in the order of the file, or of `modules`. Throws CONFIG for a module that no rule covers. */
export async function checkTargets(
  map: VanityMap,
  modules: readonly string[],
  store: VersionStore,
): Promise<Target[]> {
  if (modules.length > 0) return modules.map((module) => ({ rule: ruleFor(map, module), module }));
  const known = await knownModules(map, store);
  return map.rules.flatMap((rule): Target[] => {
    // A warning of the file has said that nothing is fetched there.
    if (rule.foreign !== undefined) return [];
    if (!rule.isPattern) return [{ rule, module: rule.prefix }];
    const below = known.get(rule) ?? [];
    return below.length === 0 ? [{ rule, module: undefined }] : below.map((module) => ({ rule, module }));
  });
}

function ruleFor(map: VanityMap, module: string): VanityRule {
  const root = map.resolve(module);
  if (root !== undefined) return root.rule;
  throw new ModhavenError('CONFIG', `no rule in ${map.file} covers ${module}`, {
    remedy: 'check the spelling, or add a rule',
  });
}

/** For each pattern one cached module of every repository that it has led to. */
async function knownModules(map: VanityMap, store: VersionStore): Promise<Map<VanityRule, string[]>> {
  const known = new Map<VanityRule, Map<string, string>>();
  if (!map.rules.some((rule) => rule.isPattern)) return new Map();
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
