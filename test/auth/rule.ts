import { parseSubject, readRule, type ReadRule } from '../../src/auth/rules.js';

/** A rule that is known to be well formed. */
export function rule(patterns: string, ...allow: string[]): ReadRule {
  const subjects = allow.flatMap((word) => parseSubject(word) ?? []);
  const read = readRule(patterns, subjects);
  if (read === undefined || subjects.length !== allow.length) {
    throw new Error(`malformed: ${patterns} ${allow.join(' ')}`);
  }
  return read;
}
