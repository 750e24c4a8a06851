/** Whether what is stored of a version has the hashes that others record. */
import type { ModulePath } from '../module/module-path.js';
import { goModHash } from '../module/dirhash.js';
import type { VersionStore } from '../store/version-store.js';
import type { RecordedSum } from './request-list.js';

/** A recorded hash that is not that of what is stored. */
export interface SumMismatch extends RecordedSum {
  /** The hash of what is stored. */
  stored: string;
}

/**
 * The `sums` that differ from what is stored of the version. Of parts that are not stored nothing can be said, nor of
 * hashes of a kind that is not known here.
 */
export async function sumMismatches(
  store: Pick<VersionStore, 'read'>,
  module: ModulePath,
  version: string,
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
