/**
 * Versions whose content is sealed: they were served once and are not stored now, because they were purged or found
 * damaged. Whatever is stored under their names again has to be what the seal says.
 *
 * A seal outlives the version. It is a blob `<escaped module>/@v/<escaped version>` with the sums as JSON.
 */
import { randomUUID } from 'node:crypto';
import { isCanonicalVersion } from '../module/version.js';
import { ModhavenError } from '../errors.js';
import {
  escapePath,
  escapeVersion,
  unescapePath,
  unescapeVersion,
  unescapedIfValid,
} from '../module/escaping.js';
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

  /**
   * Seals a version. What an earlier seal says is never changed, only added to. Resolves with the seal as it is now. Throws
   * STORAGE.
   */
  async add(version: ModuleVersion, { reason, ...sums }: Seal): Promise<Seal> {
    const known = Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== undefined));
    let seal: Seal = { reason };
    const isMade = await this.change(nameOf(version), (before) => {
      seal = { ...known, ...(before && readSeal(before)), reason };
      return `${JSON.stringify(seal)}\n`;
    });
    if (isMade) return seal;
    throw new ModhavenError('STORAGE', `${version.module}@${version.version} could not be sealed`, {
      reason: 'other processes changed its seal again and again',
      remedy: 'try again',
    });
  }

  /**
   * The hash that the zip of a version has to have where one with the hash `stored` can be read; undefined for a version
   * without a seal. A seal that names no hash names this one from now on. Throws STORAGE.
   */
  async zipHashOf(version: ModuleVersion, stored: string): Promise<string | undefined> {
    const seal = await this.of(version);
    if (seal === undefined || seal.zip !== undefined) return seal?.zip;
    return (await this.add(version, { reason: seal.reason, zip: stored })).zip;
  }

  /** Lets every process and replica know that a version was purged. Throws STORAGE. */
  async announcePurge(version: ModuleVersion): Promise<void> {
    const line = `${randomUUID()} ${nameOf(version)}`;
    const isMade = await this.change(LAST_PURGE, (before) => {
      const known = before === undefined ? [] : purgeLines(before);
      return [line, ...known].slice(0, MAX_ANNOUNCED).join('\n') + '\n';
    });
    if (isMade) return;
    throw new ModhavenError(
      'STORAGE',
      `the purge of ${version.module}@${version.version} could not be announced`,
      {
        remedy: 'restart the servers that share this store',
        remedyBy: 'admin',
      },
    );
  }

  /** What was purged lately, newest first. Throws STORAGE. */
  async purges(): Promise<Purge[]> {
    const blob = await this.blobs.get(LAST_PURGE);
    return (blob === undefined ? [] : purgeLines(blob.bytes)).map((line) => {
      const [id = '', name = ''] = line.split(' ');
      return { id, version: versionOf(name) };
    });
  }

  /**
   * Makes a blob of what it was before, so that what other processes write at the same time stays in it. False where they
   * came between again and again. Throws STORAGE: what cannot be read now is not replaced either.
   */
  private async change(name: string, make: (before: Buffer | undefined) => string): Promise<boolean> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const before = await this.blobs.get(name);
      const bytes = Buffer.from(make(before?.bytes));
      const isMade =
        before === undefined
          ? await this.blobs.putIfAbsent(name, bytes)
          : await this.blobs.replace(name, bytes, { expected: before.tag });
      if (isMade) return true;
    }
    return false;
  }
}

/** One purge, told from all others by its id. */
export interface Purge {
  id: string;
  /** Undefined if this program cannot read which. */
  version: ModuleVersion | undefined;
}

/** Whatever purges writes it anew. It cannot be the path of a module. */
const LAST_PURGE = '.last-purge';
/** How often a change is tried again where another one came between. */
const MAX_ATTEMPTS = 50;
/** Purges that a process may have missed and is still told by name. */
export const MAX_ANNOUNCED = 200;

function purgeLines(bytes: Buffer): string[] {
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

function versionOf(name: string): ModuleVersion | undefined {
  const at = name.indexOf('/@v/');
  if (at < 0) return undefined;
  return unescapedIfValid(() => {
    const module = unescapePath(name.slice(0, at));
    const version = unescapeVersion(name.slice(at + '/@v/'.length));
    return isCanonicalVersion(version) ? { module, version } : undefined;
  });
}

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
