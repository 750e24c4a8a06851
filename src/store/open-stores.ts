/** Opens the stores that the configuration names. Nothing else constructs them. */
import type { BlobStore } from './blob-store.js';
import { createDiskBlobStore } from './disk-blob-store.js';
import { createDiskStore } from './disk-store.js';
import { cacheLayout, type CacheLayout } from './paths.js';
import type { VersionStore } from './version-store.js';

/** What decides where things are kept. */
export interface StoreSettings {
  cacheDir: string;
}

export interface Stores {
  versions: VersionStore;
  /** What upstreams said last. */
  upstream: BlobStore;
  /** What the git hosts of private modules said last. */
  privateAnswers: BlobStore;
  /** What public checksum databases said. */
  checksums: BlobStore;
  layout: CacheLayout;
}

/** Touches no file: folders are made when something is stored. */
export function openStores({ cacheDir }: StoreSettings): Stores {
  const layout = cacheLayout(cacheDir);
  return {
    versions: createDiskStore(layout.download),
    upstream: createDiskBlobStore(layout.upstream),
    privateAnswers: createDiskBlobStore(layout.privateAnswers),
    checksums: createDiskBlobStore(layout.checksums),
    layout,
  };
}
