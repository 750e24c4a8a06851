/**
 * The version of a module (Go Modules Reference, "Versions"; package golang.org/x/mod/module, CanonicalVersion): a
 * canonical semantic version that may keep one build tag, `+incompatible`, which marks a major version from 2 of a
 * repository without go.mod.
 */

import * as semver from './semver.js';

/**
 * The version of a module, as it stands in names of files, URLs and go.sum. A text becomes one by `isCanonicalVersion`; the
 * compiler takes a literal of this form, and refuses a branch, a hash or any other text.
 */
export type CanonicalVersion = `v${number}.${number}.${string}`;

/** The canonical form of `v`, with `+incompatible` if it has it; empty if `v` is not a semantic version. */
export function canonicalVersion(v: string): string {
  return semver.canonical(v) + (semver.build(v) === '+incompatible' ? '+incompatible' : '');
}

/** Whether `v` can be the version of a module as it stands. */
export function isCanonicalVersion(v: string): v is CanonicalVersion {
  return v !== '' && canonicalVersion(v) === v;
}
