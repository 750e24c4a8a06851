/** Checksum databases, public ones and our own, and the store that they guard, put together from the settings. */
import { isNotExist } from './errors.js';
import type { DiskWatch } from './fs/disk-watch.js';
import type { Logger } from './log/log.js';
import type { Modules } from './modfetch/repo.js';
import type { CacheLayout } from './store/paths.js';
import type { BlobStore } from './store/blob-store.js';
import type { VersionStore } from './store/version-store.js';
import type { SumdbClient } from './sumdb/client/client.js';
import { PUBLIC_DATABASE } from './sumdb/client/known-databases.js';
import { createSumdbMirror } from './sumdb/client/mirror.js';
import { publicDatabase } from './sumdb/client/public-database.js';
import type { ChecksumDatabases } from './sumdb/databases.js';
import { createDatabase } from './sumdb/log/database.js';
import { guardedStore } from './sumdb/log/guarded-store.js';
import type { OwnDatabase } from './sumdb/log/own-database.js';
import type { SumdbSource } from './upstream/sumdb-source.js';

export interface ChecksumOptions {
  layout: CacheLayout;
  /** Where public databases are kept. */
  blobs: BlobStore;
  /** Where public databases are read. */
  source: SumdbSource;
  isOnline: () => boolean;
  isPrivate: (path: string) => boolean;
  refreshMs: () => number;
  log: Logger;
}

/**
 * The store. With a checksum database of our own it takes nothing for a version but what was recorded of it, or, before
 * that, what the public database says of a public one.
 */
export function guarded(
  versions: VersionStore,
  isPrivate: (path: string) => boolean,
  { sums }: Published,
  ownDatabase: OwnDatabase | undefined,
): VersionStore {
  if (ownDatabase === undefined) return versions;
  return guardedStore(versions, {
    recorded: ownDatabase.recorded,
    published: async (module, version) => {
      if (isPrivate(module)) return undefined;
      return sums.lookup(module, version).catch(undefinedIfAbsent);
    },
    onDifference: ownDatabase.alarm,
  });
}

/** What a database does not know, or cannot be asked for because nothing is fetched here, is measured by nothing. */
function undefinedIfAbsent(error: unknown): undefined {
  if (!isNotExist(error)) throw error;
  return undefined;
}

/** Public checksum databases. */
export interface Published {
  /** As they are passed on. */
  mirror: ChecksumDatabases;
  /** What the one that the go command asks by itself has proved. */
  sums: SumdbClient;
}

export function openPublished({ layout, ...options }: ChecksumOptions): Published {
  const mirror = createSumdbMirror(options);
  const { log } = options;
  const verifier = PUBLIC_DATABASE;
  return { mirror, sums: publicDatabase({ verifier, through: mirror, dir: layout.seenTrees, log }) };
}

/** All databases that come through this server. */
export function openChecksums(
  { isPrivate, log, disk }: Pick<ChecksumOptions, 'isPrivate' | 'log'> & { disk: Pick<DiskWatch, 'run'> },
  { mirror, sums }: Published,
  modules: Modules,
  ownDatabase: OwnDatabase | undefined,
): ChecksumDatabases {
  // All that public databases said lies on the disk.
  const watched = (name: string, path: string) => disk.run(() => mirror.get(name, path));
  if (ownDatabase === undefined) return { get: watched };
  const database = createDatabase({
    name: ownDatabase.name,
    log: ownDatabase.log,
    modules,
    isPrivate,
    publicSums: (module, version) => sums.lookup(module, version),
    disk,
    logger: log,
  });
  return {
    get: (name, path, isAnonymous) =>
      name === database.name ? database.get(path, isAnonymous) : watched(name, path),
  };
}
