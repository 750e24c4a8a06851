/**
 * Which principals may read which modules: the rules of `auth:`, and what their words mean. Pure.
 *
 * The first rule whose patterns match a module decides alone. `allow` knows `user:NAME` (an htpasswd user or a token of
 * that name), `group:NAME` and `authenticated`; an empty list allows nobody.
 */
import { parsePathPatterns, type PathPattern } from '../module/path-patterns.js';
import { isAuthenticated, type Principal } from './principal.js';

export interface ReadRule {
  readonly matches: PathPattern;
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
  const matches = parsePathPatterns(patterns);
  return matches === undefined ? undefined : { matches, allow };
}

/** Whether the rules let `principal` read `module`; undefined where no rule matches it. */
export function decide(
  rules: readonly ReadRule[],
  module: string,
  principal: Principal,
): boolean | undefined {
  const rule = rules.find(({ matches }) => matches(module));
  return rule?.allow.some((subject) => isSubject(subject, principal));
}

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
