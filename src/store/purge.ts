/** Takes versions out of the store for good reasons, and lets running servers know. */
import { infoOrigin, type VersionSums } from './recorded-sums.js';
import { goModHash } from '../module/files/dirhash.js';
import type { CheckedStore } from './checked-store.js';
import { MAX_ANNOUNCED, type Purge, type Seals } from './seals.js';
import { PART_KINDS, type ModuleVersion, type VersionStore } from './version-store.js';

/** Seen where there was no purge yet. */
const NONE = 'none';

/** Local copies of versions that lie elsewhere. */
export interface LocalCopies {
  /** Forgets the copies of versions that were purged; of all, where it is not known which. */
  forget(versions: readonly ModuleVersion[] | 'all'): Promise<void>;
  /** The id of the newest purge whose versions were forgotten, across restarts. */
  seenPurge(): Promise<string | undefined>;
  sawPurge(id: string): Promise<void>;
}

/** What a purge needs of the stores. */
export interface PurgeStores {
  unchecked: VersionStore;
  versions: VersionStore;
  checked: Pick<CheckedStore, 'knownSums'>;
  seals: Seals;
  copies: LocalCopies | undefined;
}

/**
 * How often a server looks whether something was purged, in milliseconds: a purge holds within three seconds. Each look at
 * a bucket is a request, which costs a round trip and a price.
 */
const POLL_MS = { disk: 1_000, bucket: 2_000 };
/** So long after a purge was noticed, what was being read at that moment has been read, in milliseconds. */
const AGAIN_MS = 800;

/**
 * Removes a version and seals it: only the same content can be stored under its name again. Resolves with its sums, or
 * undefined if no part of it is stored. Throws STORAGE.
 */
export async function purge(stores: PurgeStores, version: ModuleVersion): Promise<VersionSums | undefined> {
  const { unchecked, checked, seals, versions, copies } = stores;
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
  if (sums.zip === undefined) {
    // A server that knew of no seal may have stored a zip just now. One that comes later finds the seal and adds its hash.
    const { zip } = await checked.knownSums(version);
    if (zip !== undefined) await seals.add(version, { reason: 'purged', zip });
  }
  await unchecked.removal?.remove(version);
  await copies?.forget([version]);
  await seals.announcePurge(version);
  return sums;
}

export interface PurgeWatch {
  /** Looks now: another replica said that there is something to see. */
  look(): void;
  close(): void;
}

/**
 * Calls `onPurge` soon after any process purged something, and once more for what was being read at that moment. Local
 * copies of what was purged are forgotten first, those from before the start included.
 */
export function watchPurges(
  { seals, copies }: Pick<PurgeStores, 'seals' | 'copies'>,
  onPurge: () => void,
): PurgeWatch {
  const pollMs = copies === undefined ? POLL_MS.disk : POLL_MS.bucket;
  let isClosed = false;
  let seen: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Whether something was purged since the last look; before the first one something may have been read already. */
  async function news(): Promise<boolean> {
    const purges = await seals.purges();
    const newest = purges[0]?.id ?? NONE;
    if (newest === seen) return false;
    const missed = missedSince(purges, seen ?? (await copies?.seenPurge()));
    if (missed === 'all' || missed.length > 0) await copies?.forget(missed);
    await copies?.sawPurge(newest);
    seen = newest;
    return newest !== NONE;
  }

  async function look(): Promise<void> {
    // A place that cannot be read or written now is looked at again.
    const isNew = await news().catch(() => false);
    if (isClosed) return;
    if (isNew) {
      onPurge();
      setTimeout(() => {
        if (!isClosed) onPurge();
      }, AGAIN_MS).unref();
    }
    clearTimeout(timer);
    timer = setTimeout(() => void look(), pollMs).unref();
  }
  void look();
  return {
    look: () => void look(),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

/** The versions that were purged after the purge `seen`, newest first; `all` where it is not known which. */
function missedSince(purges: readonly Purge[], seen: string | undefined): ModuleVersion[] | 'all' {
  const known =
    seen === NONE && purges.length < MAX_ANNOUNCED
      ? purges.length
      : purges.findIndex(({ id }) => id === seen);
  if (known < 0) return 'all';
  const missed = purges.slice(0, known).map(({ version }) => version);
  return missed.includes(undefined) ? 'all' : missed.filter((version) => version !== undefined);
}
