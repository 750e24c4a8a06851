/**
 * The rules of the map that is in use, for the one that takes its place: an edit changes few of them, and to read 10,000
 * anew takes longer than all else that is done with the file.
 */
import type { VanityRule } from './rule.js';
import type { RuleEntry } from './schema.js';
import type { VanityMap } from './vanity-map.js';

export class KnownRules {
  readonly #rules = new Map<string, VanityRule>();
  readonly #baseDir: string;

  /** Those of `before`, for a file in `baseDir` whose keys that begin with `/` belong to `host`. */
  constructor(before: VanityMap | undefined, host: string, baseDir: string) {
    this.#baseDir = baseDir;
    if (before?.host !== host) return;
    for (const rule of before.rules) this.#rules.set(rule.key, rule);
  }

  /**
   * The rule that `key` and `value` stood for, its place in the file aside; undefined where they have to be read. Only of
   * rules that are one address and gave no warning.
   */
  find(key: string, value: string | RuleEntry): VanityRule | undefined {
    const rule = this.#rules.get(key);
    if (rule?.templates[0] !== value || rule.baseDir !== this.#baseDir) return undefined;
    const { templates, repos, subdir, display } = rule;
    const [repo] = repos; // none, where it depends on a {name}
    const isPlain = templates.length === 1 && subdir === '' && display === undefined;
    return isPlain && repo !== undefined && repo.warning === undefined ? rule : undefined;
  }
}
