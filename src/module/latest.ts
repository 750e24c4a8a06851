/** The rule of `go` for "the latest": the newest release, else the newest prerelease. Pure. */
import * as semver from './semver.js';

/** Of `versions` in semantic order, oldest first; undefined if there is none. */
export function newestRelease<V extends string>(versions: readonly V[]): V | undefined {
  return versions.findLast((version) => semver.prerelease(version) === '') ?? versions.at(-1);
}
