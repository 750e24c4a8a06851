/** Whether the stored parts of a version have the hashes that go.sum files or checksum databases record. */
import type { ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
import { goModHash } from '../module/files/dirhash.js';
import type { VersionStore } from '../store/version-store.js';
import type { RecordedSum } from './request-list.js';

/** A recorded hash that is not the hash of the stored part. */
export interface SumMismatch extends RecordedSum {
  /** The hash of the stored part. */
  stored: string;
}

/**
 * The `sums` that differ from the stored parts of the version. Sums of parts that are not stored, and hashes of unknown
 * kinds, are left out.
 */
export async function sumMismatches(
  store: Pick<VersionStore, 'read'>,
  module: ModulePath,
  version: CanonicalVersion,
  sums: readonly RecordedSum[],
): Promise<SumMismatch[]> {
  const mismatches: SumMismatch[] = [];
  for (const sum of sums) {
    if (!sum.hash.startsWith('h1:')) continue;
    const stored = await storedHash(sum.kind);
    if (stored !== undefined && stored !== sum.hash) mismatches.push({ ...sum, stored });
  }
  return mismatches;

  async function storedHash(kind: RecordedSum['kind']): Promise<string | undefined> {
    if (kind === 'zip') return (await store.read({ module, version, kind: 'ziphash' }))?.toString().trim();
    const mod = await store.read({ module, version, kind: 'mod' });
    return mod === undefined ? undefined : goModHash(mod);
  }
}
