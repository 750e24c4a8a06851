/**
 * What can be had again from upstreams: public versions, and the answers beside them (`answers.ts`). All of it goes in one
 * order, the least recently used first, together with what is noted of the versions.
 */
import { forgetFetches } from '../catalog/first-fetches.js';
import { isModhavenError, type ModhavenError } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import { LastUse } from '../store/last-use.js';
import type { Stores } from '../store/open/open-stores.js';
import { storageError } from '../store/storage-error.js';
import type { ModuleVersion, VersionRemoval } from '../store/version-store.js';
import { findAnswers, removeAnswer, type FoundAnswer } from './answers.js';
import { Oldest } from './oldest.js';
import { LastUses } from './uses.js';

export interface PublicOptions {
  stores: Stores;
  /** Whether a version can be fetched again: public, with an upstream that has it. */
  isReplaceable: (module: string) => boolean;
  /** Whether there is an upstream to ask again what checksum databases said. */
  hasUpstream: boolean;
  /** Only says what would be removed. */
  dryRun?: boolean;
  /** Told while things are removed. */
  onProgress?: (done: number, total: number) => void;
}

export interface FoundVersion extends ModuleVersion {
  bytes: number;
  /** Milliseconds since 1970. */
  lastUsed: number;
}

export interface RemovedContent {
  versions: FoundVersion[];
  answers: FoundAnswer[];
}

/**
 * Removes the least recently used, at least `needed` bytes of it or else all there is; without what cannot be removed. Throws
 * STORAGE where that is all.
 */
export async function removePublic(options: PublicOptions, needed: number): Promise<RemovedContent> {
  const { stores, dryRun = false, onProgress } = options;
  const removed: RemovedContent = { versions: [], answers: [] };
  // A bucket is not below `cache.dir`; the local copies of what lies in it bound themselves.
  const { removal } = stores.versions;
  if (removal === undefined || stores.bucket !== undefined) return removed;
  const chosen = await choose(options, removal, needed);
  if (!dryRun) await forgetVersions(stores, chosen.filter(isVersion));
  let failure: ModhavenError | undefined;
  for (const [i, item] of chosen.entries()) {
    onProgress?.(i + 1, chosen.length);
    try {
      if (!dryRun) await (isVersion(item) ? removal.remove(item) : removeAnswer(stores.layout, item));
    } catch (error) {
      failure ??= isModhavenError(error) ? error : storageError(error); // one that cannot be removed must not keep the others from it, time after time
      continue;
    }
    if (isVersion(item)) removed.versions.push(item);
    else removed.answers.push(item);
  }
  if (failure !== undefined && removed.versions.length + removed.answers.length === 0) throw failure;
  return removed;
}

async function choose(
  { stores, isReplaceable, hasUpstream }: PublicOptions,
  removal: VersionRemoval,
  needed: number,
): Promise<readonly (FoundVersion | FoundAnswer)[]> {
  const uses = new LastUses(await stores.lastUse.all());
  const oldest = new Oldest<FoundVersion | FoundAnswer>(needed);
  for await (const { module, version, bytes, storedAt } of removal.usage()) {
    if (!isReplaceable(module)) continue;
    oldest.add({ module, version, bytes, lastUsed: Math.max(storedAt, uses.ofVersion({ module, version })) });
  }
  const { layout } = stores;
  for await (const answer of findAnswers({ layout, uses, isReplaceable, hasUpstream })) oldest.add(answer);
  return oldest.chosen();
}

function isVersion(item: FoundVersion | FoundAnswer): item is FoundVersion {
  return 'version' in item;
}

/**
 * What is noted of versions that go: hashes of releases stay (`recorded-sums.ts`), the rest goes. It goes first: of a
 * version that is there, notes may be missing, and no notes are left behind of one that is not.
 */
async function forgetVersions({ sums, fetched }: Stores, versions: readonly FoundVersion[]): Promise<void> {
  const byModule = new Map<ModulePath, Set<string>>();
  for (const { module, version } of versions) {
    byModule.set(module, (byModule.get(module) ?? new Set<string>()).add(version));
  }
  for (const [module, names] of byModule) {
    await sums?.evict(module, names);
    await forgetFetches(fetched, module, names);
  }
}

/** The uses of these versions need not be noted any longer; and what was noted often is made short from time to time. */
export async function forgetUses(lastUse: LastUse, versions: readonly ModuleVersion[]): Promise<void> {
  if (versions.length === 0 && !(await lastUse.isLong())) return;
  const removed = new Set(versions.map((version) => LastUse.key(version)));
  await lastUse.compact((key) => !removed.has(key));
}
