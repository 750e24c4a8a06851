/** The checksum data of the configured store, for commands that read it as a folder. */
import type { Stores } from '../../store/open/open-stores.js';
import { withChecksumFolder, type ChecksumFolder } from '../../transfer/checksum-blobs.js';

/** What `work` makes of the folder: that of the disk itself, or a copy of what lies in the bucket. Throws STORAGE. */
export function withChecksums<T>(
  { bucket, checksums, layout }: Pick<Stores, 'bucket' | 'checksums' | 'layout'>,
  work: (folder: ChecksumFolder) => Promise<T>,
): Promise<T> {
  if (bucket === undefined) return work({ root: layout.download, keep: undefined });
  return withChecksumFolder(checksums, layout.copies, work);
}
