/**
 * Queries that choose among versions: `latest`, `upgrade`, `v1`, `v1.2`
 * (`cmd/go/internal/modload/query.go`). Everything else names one revision, which is the module's to resolve.
 */
import { inSlices } from '../concurrency/slices.js';
import { ModhavenError, isNotExist } from '../errors.js';
import { isRetracted, readGoMod, type VersionInterval } from '../module/go-mod.js';
import type { CanonicalVersion } from '../module/version.js';
import { newestRelease } from '../module/latest.js';
import { pathMajorReason, splitPathVersion } from '../module/module-path.js';
import * as semver from '../module/semver.js';
import type { Origin } from '../module/origin.js';
import type { CodeModule, VersionInfo } from './code-module.js';

/** A version, and an Origin that also covers the absence of better ones; none where that cannot be said. */
export type Chosen = Omit<VersionInfo, 'origin'> & { origin: Origin | undefined };

/** Whether `query` chooses among versions. */
export function choosesVersion(query: string): boolean {
  return query === 'latest' || query === 'upgrade' || isVersionPrefix(query);
}

/** Resolves a query for which `choosesVersion` holds. Throws VERSION_NOT_FOUND if nothing matches. */
export async function chooseVersion(module: CodeModule, query: string): Promise<Chosen> {
  const isPrefix = isVersionPrefix(query);
  const { list, origin } = await module.versions(isPrefix ? `${query}.` : '');
  const retracted = await retractedBy(module);
  const allowed = (version: string) => !isRetracted(retracted, version);
  const matches = (version: string) =>
    !isPrefix || (version.startsWith(`${query}.`) && semver.compare(version, query) >= 0);

  const wantsIncompatible =
    isPrefix && pathMajorReason(query, splitPathVersion(module.path)?.pathMajor ?? '') !== undefined;
  const candidates = list.filter((version) => matches(version) && allowed(version));
  const best = await newest(module, candidates, wantsIncompatible);
  if (best !== undefined) {
    const info = await module.stat(best);
    return { ...info, origin: mergeOrigins(origin, info.origin) };
  }
  if (!isPrefix) {
    const info = await module.latest();
    if (allowed(info.version)) return { ...info, origin: mergeOrigins(origin, info.origin) };
  }
  throw new ModhavenError('VERSION_NOT_FOUND', `no matching versions for query "${query}"`);
}

/** The newest release, else the newest prerelease, of `list` (sorted, `+incompatible` last). */
async function newest(
  module: CodeModule,
  list: CanonicalVersion[],
  wantsIncompatible: boolean,
): Promise<CanonicalVersion | undefined> {
  let candidates = list;
  const compatible = list.filter((version) => !version.endsWith('+incompatible'));
  const lastCompatible = compatible.at(-1);
  if (!wantsIncompatible && lastCompatible !== undefined && compatible.length < list.length) {
    // A go.mod says that the authors support modules: then higher majors under this path are history.
    const { commit } = await module.stat(lastCompatible);
    if ((await module.findRoot(lastCompatible, commit)).goMod !== undefined) candidates = compatible;
  }
  return newestRelease(candidates);
}

/** The retractions that the newest version of all states. */
async function retractedBy(module: CodeModule): Promise<VersionInterval[]> {
  try {
    const { list } = await module.versions();
    const version = await newest(module, list, false);
    const { version: name, commit } =
      version === undefined ? await module.latest() : await module.stat(version);
    return (await inSlices(readGoMod(await module.goMod(name, commit)))).retract;
  } catch (error) {
    if (isNotExist(error)) return [];
    throw error;
  }
}

/** `v1` or `v1.2`. */
function isVersionPrefix(query: string): boolean {
  return semver.isValid(query) && query.split('.').length < 3;
}

/** One Origin for two answers about the same repository; none if they contradict each other. */
function mergeOrigins(a: Origin, b: Origin): Origin | undefined {
  if (a.URL !== b.URL || a.Subdir !== b.Subdir) return undefined;
  const differ = (x: string | undefined, y: string | undefined) =>
    x !== undefined && y !== undefined && x !== y;
  if (differ(a.Hash, b.Hash) || differ(a.Ref, b.Ref)) return undefined;
  const bothSums = a.TagSum !== undefined && b.TagSum !== undefined;
  if (bothSums && (a.TagSum !== b.TagSum || a.TagPrefix !== b.TagPrefix)) return undefined;
  const { VCS, URL, Subdir, Hash, TagPrefix, TagSum, Ref } = { ...a, ...b };
  const merged: Origin = { VCS, URL };
  if (Subdir !== undefined) merged.Subdir = Subdir;
  if (Hash !== undefined) merged.Hash = Hash;
  if (TagPrefix !== undefined) merged.TagPrefix = TagPrefix;
  if (TagSum !== undefined) merged.TagSum = TagSum;
  if (Ref !== undefined) merged.Ref = Ref;
  return merged;
}
