/** Takes versions out of the store for good reasons, and lets running servers know. */
import { infoOrigin, type VersionSums } from './recorded-sums.js';
import { goModHash } from '../module/files/dirhash.js';
import type { Stores } from './open-stores.js';
import { PART_KINDS, type ModuleVersion } from './version-store.js';

/** How often a server looks whether something was purged, in milliseconds. */
const LOOK_MS = 1_000;

/**
 * Removes a version and seals it: only the same content can be stored under its name again. Resolves with its sums, or
 * undefined if nothing of it is stored. Throws STORAGE.
 */
export async function purge(stores: Stores, version: ModuleVersion): Promise<VersionSums | undefined> {
  const { unchecked, checked, seals, versions } = stores;
  const sizes = await Promise.all(PART_KINDS.map((kind) => unchecked.size({ ...version, kind })));
  if (sizes.every((size) => size === undefined)) return undefined;
  const sums = await checked.knownSums(version);
  const [mod, info] = [
    await versions.read({ ...version, kind: 'mod' }),
    await versions.read({ ...version, kind: 'info' }),
  ];
  if (mod !== undefined) sums.mod ??= goModHash(mod);
  if (info !== undefined) sums.origin ??= infoOrigin(info);
  // The seal first: between the two, a server may already store the version again.
  await seals.add(version, { reason: 'purged', ...sums });
  await unchecked.removal?.remove(version);
  await seals.announcePurge();
  return sums;
}

/**
 * Calls `onPurge` soon after any process purged something, and once more for what was being read at that moment. Returns
 * what ends it.
 */
export function watchPurges({ seals }: Pick<Stores, 'seals'>, onPurge: () => void): () => void {
  let isClosed = false;
  let seen: string | undefined;
  let repeat = false;

  async function look(isFirst: boolean): Promise<void> {
    // A disk that cannot be read now has nothing new to say.
    const now = await seals.lastPurge().catch(() => seen);
    if (repeat) onPurge();
    repeat = now !== seen && !isFirst;
    if (repeat) onPurge();
    seen = now;
    if (!isClosed) setTimeout(() => void look(false), LOOK_MS).unref();
  }
  void look(true);
  return () => {
    isClosed = true;
  };
}
