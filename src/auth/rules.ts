/**
 * Which principals may read which modules: the rules of `auth:`, and what their words mean. Pure.
 *
 * The first rule whose patterns match a module decides alone. `allow` knows `user:NAME` (an htpasswd user or a token of
 * that name), `group:NAME` and `authenticated`; an empty list allows nobody.
 *
 * Git hosts have more spellings for a repository than its module has (`plainSpelling`), so what a rule refuses is refused under all of
 * them: a rule for `corp.com/*` allows nobody to read `corp.com/secret` as `corp.com/Secret` or `corp.com/secret.git`.
 */
import { LRUCache } from 'lru-cache';
import { parsePathPatterns, plainSpelling, type PathPattern } from '../module/path-patterns.js';
import { isAuthenticated, type Principal } from './principal.js';

export interface ReadRule {
  readonly matches: PathPattern;
  /** The same for paths in lower case. */
  readonly matchesLowerCase: PathPattern;
  readonly allow: readonly Subject[];
}

/** Somebody a rule names. */
export type Subject =
  { kind: 'authenticated' } | { kind: 'user'; name: string } | { kind: 'group'; name: string };

/** Reads one word of `allow`; undefined for a word that means nothing. */
export function parseSubject(word: string): Subject | undefined {
  if (word === 'authenticated') return { kind: 'authenticated' };
  const [, kind, name] = /^(user|group):(\S(?:.*\S)?)$/.exec(word) ?? [];
  if (name === undefined) return undefined;
  return kind === 'user' ? { kind, name } : { kind: 'group', name };
}

/** A rule of GOPRIVATE patterns (separated by commas); undefined if one is malformed. */
export function readRule(patterns: string, allow: readonly Subject[]): ReadRule | undefined {
  const lower = patterns.toLowerCase();
  const matches = parsePathPatterns(patterns);
  const matchesLowerCase = lower === patterns ? matches : parsePathPatterns(lower);
  if (matches === undefined || matchesLowerCase === undefined) return undefined;
  return { matches, matchesLowerCase, allow };
}

/** Whether the rules let `principal` read `module`; undefined where no rule matches it. */
export function decide(
  rules: readonly ReadRule[],
  module: string,
  principal: Principal,
): boolean | undefined {
  const { deciding, ofOtherSpellings } = rulesFor(rules, module);
  if (ofOtherSpellings.some((rule) => !allows(rule, principal))) return false;
  return deciding && allows(deciding, principal);
}

/** The rules that a module falls under, for every principal. */
interface ModuleRules {
  /** The first that matches it. */
  deciding: ReadRule | undefined;
  /** The first that match its other spellings: they refuse, and allow nothing. */
  ofOtherSpellings: readonly ReadRule[];
}

/** Characters of the paths of which it is remembered: unknown clients may ask about long ones. */
const MAX_REMEMBERED = 1_000_000;

/**
 * What was found of modules, by the rules in use: to match their patterns takes longer than the rest of a warm request. Who
 * may read is decided anew each time, and other settings are another list of rules.
 */
const remembered = new WeakMap<readonly ReadRule[], LRUCache<string, ModuleRules>>();

function rulesFor(rules: readonly ReadRule[], module: string): ModuleRules {
  let known = remembered.get(rules);
  if (known === undefined) {
    known = new LRUCache({ maxSize: MAX_REMEMBERED, sizeCalculation: (_, path) => path.length + 50 });
    remembered.set(rules, known);
  }
  let found = known.get(module);
  if (found === undefined) known.set(module, (found = matchingRules(rules, module)));
  return found;
}

function matchingRules(rules: readonly ReadRule[], module: string): ModuleRules {
  const deciding = rules.find(({ matches }) => matches(module));
  const others = otherSpellings(rules, module).flatMap(
    (spelling) => rules.find(({ matchesLowerCase }) => matchesLowerCase(spelling)) ?? [],
  );
  return { deciding, ofOtherSpellings: [...new Set(others)].filter((rule) => rule !== deciding) };
}

function allows({ allow }: ReadRule, principal: Principal): boolean {
  return allow.some((subject) => isSubject(subject, principal));
}

/** Those of `module` that rules could judge in another way; mostly none. */
function otherSpellings(rules: readonly ReadRule[], module: string): readonly string[] {
  const plain = plainSpelling(module);
  const lower = module.toLowerCase();
  if (plain !== lower) return [lower, plain];
  const heedsCase = rules.some(({ matches, matchesLowerCase }) => matches !== matchesLowerCase);
  return lower !== module || heedsCase ? [lower] : NONE;
}

const NONE: readonly string[] = [];

function isSubject(subject: Subject, principal: Principal): boolean {
  switch (subject.kind) {
    case 'authenticated':
      return isAuthenticated(principal);
    case 'group':
      return principal.groups.has(subject.name);
    case 'user':
      return (principal.kind === 'user' || principal.kind === 'token') && principal.name === subject.name;
  }
}
