/**
 * Fetches versions into the store ahead of demand, and compares them with the go.sum lines that ask for them.
 *
 * Nothing is fetched but what a build needs: of a version that go.sum knows by its go.mod file alone, not the zip.
 */
import { mapEach } from '../concurrency/for-each.js';
import { isModhavenError, isNotExist } from '../errors.js';
import { newestRelease } from '../module/latest.js';
import type { ModulePath } from '../module/module-path.js';
import * as semver from '../module/semver.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import type { Modules } from '../modfetch/repo.js';
import { decodeInfo } from '../module/info.js';
import { isDiskProblem } from '../store/storage-error.js';
import type { VersionStore } from '../store/version-store.js';
import { explainFailure } from '../verify/compare-version.js';
import { sumMismatches, type SumMismatch } from './check-sums.js';
import type { RecordedSum, RequestedVersion } from './request-list.js';

/** What became of one version. */
export interface Warmed {
  module: ModulePath;
  query: string;
  /** The version that `query` means; undefined if that could not be found out. */
  version: CanonicalVersion | undefined;
  /** Whether anything had to be fetched. */
  fetched: boolean;
  /** Why not all of it is stored, and what to do. */
  cause?: string;
  remedy?: string;
  /** Recorded hashes that what is stored does not have. */
  mismatches: SumMismatch[];
  /** Set for a public version of which no checksum database knows. */
  unrecorded?: true;
}

export interface WarmVersionsOptions {
  modules: Modules;
  store: VersionStore;
  /** What checksum databases record of a public version, which also keeps what proves it; absent: they are not asked. */
  checksums?: ((module: ModulePath, version: CanonicalVersion) => Promise<RecordedSum[]>) | undefined;
  isPrivate: (path: string) => boolean;
  concurrency: number;
  /** Called after each version. */
  onDone?: () => void;
}

/**
 * What became of each of `wanted`, in their order. A failure of one leaves the others alone, but for a bucket that is away: that is
 * thrown, and none is begun any more.
 */
export async function warmVersions(
  wanted: readonly RequestedVersion[],
  options: WarmVersionsOptions,
): Promise<Warmed[]> {
  return mapEach(wanted, options.concurrency, (each) =>
    warmVersion(each, options).finally(() => options.onDone?.()),
  );
}

/** Whether all is stored, and as recorded. */
export function isWarm({ cause, mismatches }: Warmed): boolean {
  return cause === undefined && mismatches.length === 0;
}

async function warmVersion(wanted: RequestedVersion, options: WarmVersionsOptions): Promise<Warmed> {
  const { modules, store, checksums, isPrivate } = options;
  const { module, query, zip, sums } = wanted;
  const warmed: Warmed = { module, query, version: undefined, fetched: false, mismatches: [] };
  try {
    const version = await resolve(modules, module, query);
    warmed.version = version;
    // The zip first: what is fetched for it has the other parts as well.
    const whole = zip ? await modules.zip(module, version) : undefined;
    await whole?.stored();
    const mod = await modules.mod(module, version);
    const info = await modules.info(module, version);
    warmed.fetched = !(info.fromCache && mod.fromCache && (whole?.fromCache ?? true));
    warmed.mismatches = await sumMismatches(store, module, version, sums);
    if (checksums === undefined || isPrivate(module)) return warmed;
    const recorded = await checksums(module, version);
    if (recorded.length === 0) warmed.unrecorded = true;
    warmed.mismatches.push(...(await sumMismatches(store, module, version, recorded)));
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    // It may have been this version alone.
    if (error.code === 'STORAGE' && !isDiskProblem(error)) await store.probe();
    Object.assign(warmed, explainFailure(error, `${module}@${warmed.version ?? query}`));
  }
  return warmed;
}

/** The version that `query` means. A proxy need not know `latest` by itself: then it is, as for `go`, in its list. */
async function resolve(modules: Modules, module: ModulePath, query: string): Promise<CanonicalVersion> {
  if (isCanonicalVersion(query)) return query;
  try {
    return decodeInfo((await modules.info(module, query)).value).Version;
  } catch (error) {
    if (query !== 'latest' || !isNotExist(error)) throw error;
    const { value: list } = await modules.list(module);
    const sorted = semver.sortVersions(list);
    const newest = newestRelease(sorted);
    if (newest === undefined) throw error;
    return newest;
  }
}
