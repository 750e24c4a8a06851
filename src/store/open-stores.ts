/** Opens the stores that the configuration names. Nothing else constructs them. */
import { createZipHasher } from '../zip/zip-hasher.js';
import type { BlobStore } from './blob-store.js';
import { CheckedStore } from './checked-store.js';
import { DamageReport, type DamageLog } from './damage-report.js';
import { createDiskBlobStore } from './disk-blob-store.js';
import { createDiskStore } from './disk-store.js';
import { LastUse } from './last-use.js';
import { cacheLayout, type CacheLayout } from './paths.js';
import { RecordedSums } from './recorded-sums.js';
import { SealedStore } from './sealed-store.js';
import { Seals } from './seals.js';
import type { VersionStore } from './version-store.js';

/** What decides where things are kept. */
export interface StoreSettings {
  cacheDir: string;
}

export interface Stores {
  /** Finished versions: gives out only what was stored, and takes nothing else for a sealed version. */
  versions: VersionStore;
  /** The same versions as they lie there, damaged or not: for commands that judge them. */
  unchecked: VersionStore;
  /** `versions`, for what checks them in the background. */
  checked: CheckedStore;
  seals: Seals;
  /** What upstreams said last. */
  upstream: BlobStore;
  /** What the git hosts of private modules said last. */
  privateAnswers: BlobStore;
  /** What public checksum databases said. */
  checksums: BlobStore;
  damage: DamageReport;
  lastUse: LastUse;
  layout: CacheLayout;
}

/** Touches no file: folders are made when something is stored. */
export function openStores({ cacheDir }: StoreSettings, log?: DamageLog): Stores {
  const layout = cacheLayout(cacheDir);
  const unchecked = createDiskStore(layout.download);
  const seals = new Seals(createDiskBlobStore(layout.seals));
  const damage = new DamageReport(log);
  const checked = new CheckedStore(unchecked, {
    ...{ dir: layout.download, damagedDir: layout.damaged, seals },
    sums: new RecordedSums(layout.sums),
    hashZip: createZipHasher(),
    onDamage: (part) => damage.add(part),
  });
  return {
    ...{ unchecked, checked, seals, damage, layout },
    versions: new SealedStore(checked, seals),
    upstream: createDiskBlobStore(layout.upstream),
    privateAnswers: createDiskBlobStore(layout.privateAnswers),
    checksums: createDiskBlobStore(layout.checksums),
    lastUse: new LastUse(layout.usage),
  };
}
