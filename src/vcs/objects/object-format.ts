/** The two ways in which git names objects (gitformat-hash-function-transition(7)). */

export type ObjectFormat = 'sha1' | 'sha256';

/** The length of a name. */
export const HASH_BYTES = { sha1: 20, sha256: 32 } as const;

/** The format of a repository that has an object of this name, in hex. */
export function formatOf(hash: string | undefined): ObjectFormat {
  return hash?.length === 2 * HASH_BYTES.sha256 ? 'sha256' : 'sha1';
}
