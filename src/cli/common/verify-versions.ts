/**
 * Verifies stored versions where they lie. What lies in a bucket is brought to the local disk first; what could not be read is
 * not damaged for that, but read again, and where that does not help, the store is away.
 */
import { mapEach } from '../../concurrency/for-each.js';
import { retryStorage } from '../../concurrency/retry-storage.js';
import { isModhavenError, withFurtherRemedy } from '../../errors.js';
import type { ModuleVersion, VersionReader } from '../../store/version-store.js';
import type { StoredVersion } from '../../verify/stored.js';
import { LocalZip } from '../../transfer/local-zip.js';

export interface VerifyVersionsOptions {
  store: VersionReader;
  /** Where zips that lie in a bucket are held while they are read; absent for a store on this disk. */
  stagingDir?: string | undefined;
  /** What is found wrong with a version; what cannot be read is a fault like any other. */
  check: (reader: VersionReader, version: ModuleVersion) => Promise<StoredVersion>;
  /** Called after each version. */
  onDone?: () => void;
  /** A version in a bucket that failed is read again so much later, in milliseconds. */
  retryMs?: readonly number[];
}

/** Zips that are read at once. */
const PARALLEL = 4;

/**
 * What is found of each of `versions`, in their order. Throws STORAGE where a bucket cannot be read: then no more is begun, and
 * the remedy says how far it came.
 */
export async function verifyVersions(
  versions: readonly ModuleVersion[],
  options: VerifyVersionsOptions,
): Promise<StoredVersion[]> {
  const done: StoredVersion[] = [];
  try {
    return await mapEach(versions, PARALLEL, async (version) => {
      const found = await verifyOne(version, options);
      done.push(found);
      options.onDone?.();
      return found;
    });
  } catch (error) {
    throw whereItEnded(error, done, versions.length);
  }
}

export function isInOrder({ faults }: StoredVersion): boolean {
  return faults.length === 0;
}

async function verifyOne(version: ModuleVersion, options: VerifyVersionsOptions): Promise<StoredVersion> {
  const { store, stagingDir: folder, check, retryMs } = options;
  if (folder === undefined) return check(store, version);
  const read = () =>
    LocalZip.with(store, { zip: { ...version, kind: 'zip' }, folder }, async (local) => {
      const found = await check(local, version);
      if (local.failure !== undefined) throw local.failure;
      return found;
    });
  return retryStorage(read, { retryMs });
}

function whereItEnded(error: unknown, done: readonly StoredVersion[], total: number): unknown {
  if (!isModhavenError(error, 'STORAGE')) return error;
  const bad = done.filter((version) => !isInOrder(version)).length;
  const before = `${done.length} of ${total} versions were verified before, ${bad} of them not in order`;
  return withFurtherRemedy(error, `nothing is known of the rest: ${before}`);
}
