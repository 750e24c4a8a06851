/**
 * From a repository back to the rules that name it, and for a pattern to the import path that leads there.
 *
 *   rule                                      repository             root
 *   /go/foo: http://h/go/foo.git              ssh://git@h/go/foo     mycompany.com/go/foo
 *   /go/{name}: http://h/go/{name}.git        http://h/go/bar.git    mycompany.com/go/bar
 *   /{any}/x: http://h/x.git                  http://h/x.git         none: any number of paths lead there
 *
 * The address is matched against the template to learn what `{name}` stands for. What comes out counts only if the rule,
 * applied to it, gives that very repository, and if no more specific rule takes its import path.
 */
import { repoPaths } from './repo-identity.js';
import { repoKey, type RepoUrl } from '../module/repo-url.js';
import { canCapture, isPlaceholder, isRest, placeholderName } from './rule-key.js';
import { applyRule, type RepoRoot, type VanityRule } from './rule.js';
import type { VanityMap } from './vanity-map.js';

/** What to look for. */
export interface WantedRepo {
  /** The names it may have at its host, as `repoPaths` gives them. */
  paths: readonly string[];
  /** Whether a repository that bears one of these names is it. */
  is: (repo: RepoUrl) => boolean;
}

/** A repository of a rule. */
export interface RuleRepo {
  rule: VanityRule;
  /** As the rule spells it. */
  repo: RepoUrl;
  /** What the rule says about the import path that leads there; undefined where any number of paths do. */
  root: RepoRoot | undefined;
}

/** Every rule of `map` that leads to the wanted repository, in the order of the file. */
export function rulesOfRepo(map: VanityMap, wanted: WantedRepo): RuleRepo[] {
  return map.rules.flatMap((rule) => (rule.isPattern ? byPattern(map, rule, wanted) : byName(rule, wanted)));
}

function byName(rule: VanityRule, wanted: WantedRepo): RuleRepo[] {
  const root = applyRule(rule, rule.elements);
  return rule.repos.filter((repo) => wanted.is(repo)).map((repo) => ({ rule, repo, root }));
}

function byPattern(map: VanityMap, rule: VanityRule, wanted: WantedRepo): RuleRepo[] {
  const found = new Map<string, RuleRepo>();
  const words = new Map(
    rule.elements.filter(isPlaceholder).map((element, i) => [placeholderName(element), `modhaven${i}word`]),
  );
  const sample = applyRule(rule, rootElements(rule, words));
  for (const [index, template] of (sample?.repos ?? []).entries()) {
    const patterns = repoPaths(template).map((path) => pathPattern(path, rule, words));
    for (const path of wanted.paths) {
      for (const pattern of patterns) {
        const matched = pattern.exec(path);
        // Without a name in the template there are no groups.
        const values = new Map(Object.entries(matched?.groups ?? {}));
        const match = matched === null ? undefined : atValues(map, rule, index, values, words);
        if (match && wanted.is(match.repo)) found.set(repoKey(match.repo), match);
      }
    }
  }
  return [...found.values()];
}

/** The repository at `index` for what the names stand for. A name that is not in the template may stand for anything. */
function atValues(
  map: VanityMap,
  rule: VanityRule,
  index: number,
  values: ReadonlyMap<string, string>,
  words: ReadonlyMap<string, string>,
): RuleRepo | undefined {
  if ([...values.values()].some((value) => !value.split('/').every(canCapture))) return undefined;
  const root = applyRule(rule, rootElements(rule, new Map([...words, ...values])));
  const repo = root?.repos[index];
  if (repo === undefined) return undefined;
  if ([...words.keys()].some((name) => !values.has(name))) return { rule, repo, root: undefined };
  const applies = map
    .candidates(root?.root ?? '')
    .some((other) => other.rule === rule && other.root === root?.root);
  return applies ? { rule, repo, root } : undefined;
}

/** The elements of the rule's prefix with `values` in place of the names. */
function rootElements(rule: VanityRule, values: ReadonlyMap<string, string>): string[] {
  return rule.elements.flatMap((element) =>
    isPlaceholder(element) ? (values.get(placeholderName(element)) ?? '').split('/') : [element],
  );
}

/** A path with the words in it, as a pattern with a group for each name. */
function pathPattern(path: string, rule: VanityRule, words: ReadonlyMap<string, string>): RegExp {
  let source = path.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  for (const element of rule.elements.filter(isPlaceholder)) {
    const name = placeholderName(element);
    const word = words.get(name) ?? '';
    // A name that stands in the template twice means the same both times.
    source = source
      .replace(word, `(?<${name}>${isRest(element) ? '.+' : '[^/]+'})`)
      .replaceAll(word, `\\k<${name}>`);
  }
  return new RegExp(`^${source}$`);
}
