/**
 * Versions whose content is sealed: they were served once and are not stored now, because they were purged or found
 * damaged. Whatever is stored under their names again has to be what the seal says.
 *
 * A seal outlives the version. It is a blob `<escaped module>/@v/<escaped version>` with the sums as JSON.
 */
import { randomUUID } from 'node:crypto';
import { ModhavenError } from '../errors.js';
import { escapePath, escapeVersion } from '../module/escaping.js';
import type { BlobStore } from './blob-store.js';
import { parseObject, type VersionSums } from './recorded-sums.js';
import type { ModuleVersion } from './version-store.js';

export interface Seal extends VersionSums {
  reason: 'purged' | 'damaged';
}

export class Seals {
  private readonly blobs: BlobStore;

  constructor(blobs: BlobStore) {
    this.blobs = blobs;
  }

  /** The seal of a version, or undefined if it has none. Throws STORAGE. */
  async of(version: ModuleVersion): Promise<Seal | undefined> {
    const blob = await this.blobs.get(nameOf(version));
    if (blob === undefined) return undefined;
    const seal = readSeal(blob.bytes);
    if (seal !== undefined) return seal;
    throw new ModhavenError('STORAGE', `the seal of ${version.module}@${version.version} is damaged`, {
      remedy: 'restore recorded/ in cache.dir from a backup, or remove the file of this version there',
      remedyBy: 'admin',
    });
  }

  /** Seals a version. What an earlier seal says is never changed, only added to. Throws STORAGE. */
  async add(version: ModuleVersion, { reason, ...sums }: Seal): Promise<void> {
    const before = await this.of(version).catch(() => undefined);
    const known = Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== undefined));
    const seal: Seal = { ...known, ...before, reason };
    await this.blobs.replace(nameOf(version), Buffer.from(`${JSON.stringify(seal)}\n`));
  }

  /** Lets every process know that something was purged. Throws STORAGE. */
  async announcePurge(): Promise<void> {
    await this.blobs.replace(LAST_PURGE, Buffer.from(`${new Date().toISOString()} ${randomUUID()}\n`));
  }

  /** Tells the newest purge from those before; undefined if there was none. Throws STORAGE. */
  async lastPurge(): Promise<string | undefined> {
    return (await this.blobs.get(LAST_PURGE))?.tag;
  }
}

/** Whatever purges writes it anew. It cannot be the path of a module. */
const LAST_PURGE = '.last-purge';

function nameOf({ module, version }: ModuleVersion): string {
  return `${escapePath(module)}/@v/${escapeVersion(version)}`;
}

function readSeal(bytes: Buffer): Seal | undefined {
  const { reason, ...sums } = parseObject(bytes) ?? {};
  if (reason !== 'purged' && reason !== 'damaged') return undefined;
  const seal: Seal = { reason };
  for (const name of ['zip', 'mod', 'info', 'origin'] as const) {
    const sum = sums[name];
    if (typeof sum === 'string') seal[name] = sum;
    else if (sum !== undefined) return undefined;
  }
  return seal;
}
