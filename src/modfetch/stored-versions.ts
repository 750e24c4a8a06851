/** Answers from the store alone: for requests that forbid fetching (`Disable-Module-Fetch: true`), and for outages. */
import { inSlices } from '../concurrency/slices.js';
import { ModhavenError } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import { isRetracted, readGoMod } from '../module/go-mod.js';
import { newestRelease } from '../module/latest.js';
import { isPseudoVersion } from '../module/pseudo-version.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import * as semver from '../module/semver.js';
import { formatVersionList, versionsInList } from '../module/version-list.js';
import type { VersionStore } from '../store/version-store.js';
import type { SourceList } from './repo.js';
import type { DatedAnswer } from './stale-cache.js';

type StoredVersions = Pick<VersionStore, 'read' | 'versions'>;

/**
 * The stored versions, pseudo-versions left out as in any list; with `complete` those that have a zip, if any has.
 * Throws NOT_CACHED if nothing is stored at all.
 */
export async function cachedList(
  store: StoredVersions,
  module: ModulePath,
  complete = false,
): Promise<CanonicalVersion[]> {
  const stored = await storedVersions(store, module, complete);
  if (stored.length === 0) throw notCached(`${module}/@v/list`);
  return stored.filter((version) => !isPseudoVersion(version));
}

/** The `.info` of the newest release of these, else of the newest version of any kind. Throws NOT_CACHED. */
export async function cachedLatest(
  store: StoredVersions,
  module: ModulePath,
  complete = false,
): Promise<Buffer> {
  const versions = await storedVersions(store, module, complete);
  const version = newestRelease(versions);
  const info = version === undefined ? undefined : await store.read({ module, version, kind: 'info' });
  if (info === undefined) throw notCached(`${module}@latest`);
  return info;
}

/**
 * The `.info` of the version that `@latest` means where `list` is all that is known of a module; undefined if it is not
 * stored. Retractions count as far as the go.mod that states them is stored.
 */
export async function latestInList(
  store: StoredVersions,
  module: ModulePath,
  list: readonly CanonicalVersion[],
): Promise<Buffer | undefined> {
  const newest = newestRelease(list);
  if (newest === undefined) return undefined;
  const mod = await store.read({ module, version: newest, kind: 'mod' });
  const retracted = mod === undefined ? [] : (await inSlices(readGoMod(mod))).retract;
  const version = newestRelease(list.filter((candidate) => !isRetracted(retracted, candidate)));
  return version === undefined ? undefined : store.read({ module, version, kind: 'info' });
}

/**
 * The answer for a list. Where not all homes of the module could be asked, what only one of those had is not gone: the versions
 * of the last list, which `lastKnown` gives, stay, and the answer counts as stale.
 */
export async function answerOfList(
  { versions, asOf, isPartial = false }: SourceList,
  lastKnown: () => Promise<DatedAnswer | undefined> | undefined,
): Promise<DatedAnswer> {
  if (!isPartial) return { bytes: formatVersionList(versions), asOf };
  const known = await lastKnown();
  const all = new Set([...(known === undefined ? [] : await versionsOf(known.bytes)), ...versions]);
  return {
    bytes: formatVersionList(semver.sortVersions([...all])),
    asOf: Math.min(asOf, known?.asOf ?? asOf),
    isStale: true,
  };
}

/** The versions in the text of a list; others get their turn while a long one is read. */
export function versionsOf(list: Buffer): Promise<CanonicalVersion[]> {
  return inSlices(versionsInList(list));
}

/** Throws VERSION_NOT_FOUND for a version of which there can be no `.mod` or `.zip`. */
export function checkCanonical(module: ModulePath, version: string): asserts version is CanonicalVersion {
  if (isCanonicalVersion(version)) return;
  const message = `not found: ${module}@${version}: version is not canonical`;
  throw new ModhavenError('VERSION_NOT_FOUND', message, {
    remedy: `ask for @v/${version}.info first: it says which version this is`,
  });
}

/** The error for something that is not stored and may not be fetched. */
export function notCached(subject: string): ModhavenError {
  return new ModhavenError('NOT_CACHED', `not found: ${subject} is not in the cache`, {
    reason: 'the request forbids fetching it (Disable-Module-Fetch: true)',
  });
}

/** Oldest first. `go` asks for the go.mod of many versions that it does not download: with `complete` these do not count. */
async function storedVersions(
  store: StoredVersions,
  module: ModulePath,
  complete: boolean,
): Promise<CanonicalVersion[]> {
  const known = semver.sortVersions(await store.versions(module, 'info'));
  if (!complete) return known;
  const zips = new Set(await store.versions(module, 'zip'));
  const whole = known.filter((version) => zips.has(version));
  return whole.length > 0 ? whole : known;
}
