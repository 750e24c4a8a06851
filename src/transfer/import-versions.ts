/** Copies the versions in the files of another proxy, or in a module cache, into the store. */
import { mapEach } from '../concurrency/for-each.js';
import type { ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
import type { VersionReader, VersionStore } from '../store/version-store.js';
import { storedVersions } from '../verify/stored.js';
import type { RecordedSum } from './request-list.js';
import { copyVersion, type CopiedVersion } from './copy-version.js';

/** The name of a version. */
export interface VersionName {
  module: ModulePath;
  version: CanonicalVersion;
}

export interface ImportVersionsOptions {
  source: VersionReader;
  store: VersionStore;
  /** What checksum databases record of a version. */
  recorded?: (module: ModulePath, version: CanonicalVersion) => Promise<RecordedSum[]>;
  dryRun?: boolean | undefined;
  /** Called after each version. */
  onDone?: () => void;
}

/** Zips that are read at once. */
const PARALLEL = 4;

/** All versions of which `source` holds any part: modules sorted, oldest version first. */
export async function allVersions(source: VersionReader): Promise<VersionName[]> {
  const names: VersionName[] = [];
  for await (const module of source.modules()) {
    for (const version of await storedVersions(source, module)) names.push({ module, version });
  }
  return names;
}

/** What became of each of `versions`, in their order. Throws STORAGE if the store cannot be written. */
export async function importVersions(
  versions: readonly VersionName[],
  { source, store, recorded, dryRun, onDone }: ImportVersionsOptions,
): Promise<CopiedVersion[]> {
  return mapEach(versions, PARALLEL, async ({ module, version }) => {
    const copied = await copyVersion(module, version, {
      source,
      target: store,
      dryRun: dryRun === true,
      ...(recorded === undefined ? {} : { recorded }),
    });
    onDone?.();
    return copied;
  });
}
