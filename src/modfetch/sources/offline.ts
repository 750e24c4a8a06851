/**
 * Public modules without an upstream: what is stored of them is all there is. Lists and `@latest` are computed from
 * it, so that whatever they name can be fetched.
 */
import { pipeline } from 'node:stream/promises';
import { monotonicNow } from '../../concurrency/monotonic-clock.js';
import { ModhavenError, isModhavenError } from '../../errors.js';
import { decodeInfo } from '../../module/info.js';
import type { ModulePath } from '../../module/module-path.js';
import { isCanonicalVersion, type CanonicalVersion } from '../../module/version.js';
import type { ModuleVersion, Part, VersionReader } from '../../store/version-store.js';
import type { ModuleSource, SourceInfo, SourceList, SourceMod, SourceZip } from '../repo.js';
import { cachedLatest, cachedList } from '../stored-versions.js';

export interface OfflineSourceOptions {
  store: VersionReader;
  /** Says what is wrong with a path of which nothing is stored. */
  unknown: ModuleSource;
  /** Whether a part of a version was found damaged, and set aside. */
  isDamaged: (version: ModuleVersion) => Promise<boolean>;
}

export class OfflineSource implements ModuleSource {
  private readonly options: OfflineSourceOptions;

  constructor(options: OfflineSourceOptions) {
    this.options = options;
  }

  async list(module: ModulePath): Promise<SourceList> {
    const { store, unknown } = this.options;
    try {
      return { versions: await cachedList(store, module, true), asOf: monotonicNow() };
    } catch (error) {
      if (!isModhavenError(error, 'NOT_CACHED')) throw error;
      return unknown.list(module);
    }
  }

  async info(module: ModulePath, query: string): Promise<SourceInfo> {
    const info = query === 'latest' ? await this.latest(module) : await this.stored(module, query);
    if (info !== undefined) return { version: decodeInfo(info).Version, info, asOf: monotonicNow() };
    const subject = query === 'latest' ? module : `${module}@${query}`;
    await this.checkDamage(module, query, subject);
    return this.absent(module, subject, (unknown) => unknown.info(module, query));
  }

  async mod(module: ModulePath, version: CanonicalVersion): Promise<SourceMod> {
    const mod = await this.options.store.read({ module, version, kind: 'mod' });
    if (mod !== undefined) return { mod };
    await this.checkDamage(module, version, `${module}@${version} (.mod)`);
    return this.absent(module, `${module}@${version} (.mod)`, (unknown) => unknown.mod(module, version));
  }

  async zip(module: ModulePath, version: CanonicalVersion): Promise<SourceZip> {
    const { store } = this.options;
    const zip: Part = { module, version, kind: 'zip' };
    const hash = await store.read({ ...zip, kind: 'ziphash' });
    if (hash === undefined || (await store.size(zip)) === undefined) {
      await this.checkDamage(module, version, `${module}@${version} (.zip)`);
      return this.absent(module, `${module}@${version} (.zip)`, (unknown) => unknown.zip(module, version));
    }
    return {
      deliver: (target) =>
        target.put(async (sink) => {
          await pipeline(store.open(zip), sink, { end: false });
          return hash.toString('latin1').trim();
        }),
    };
  }

  private async latest(module: ModulePath): Promise<Buffer | undefined> {
    try {
      return await cachedLatest(this.options.store, module, true);
    } catch (error) {
      if (isModhavenError(error, 'NOT_CACHED')) return undefined;
      throw error;
    }
  }

  private async stored(module: ModulePath, query: string): Promise<Buffer | undefined> {
    if (!isCanonicalVersion(query)) return undefined;
    return this.options.store.read({ module, version: query, kind: 'info' });
  }

  /** Throws STORAGE for what was stored and is lost: that it is not here says nothing about whether there is such a version. */
  private async checkDamage(module: ModulePath, version: string, subject: string): Promise<void> {
    if (!isCanonicalVersion(version) || !(await this.options.isDamaged({ module, version }))) return;
    throw new ModhavenError('STORAGE', `${subject} was damaged on the disk of modhaven`, {
      reason: 'it was set aside, and this server has no upstream to fetch it from',
      remedy: 'restore it from a backup, or copy the version here with "modhaven export" and "import"',
      remedyBy: 'admin',
    });
  }

  /** Throws for `subject`, which is not stored; of a module of which nothing is, `ask` says more. */
  private async absent<T>(
    module: ModulePath,
    subject: string,
    ask: (unknown: ModuleSource) => Promise<T>,
  ): Promise<T> {
    if (!(await this.isKnown(module))) return ask(this.options.unknown);
    throw new ModhavenError('VERSION_NOT_FOUND', `not found: ${subject} is not in the cache`, {
      reason: 'this server has no upstream, so public modules come from its cache alone',
      remedy:
        'name an upstream in modhaven.yaml, or copy the version here with "modhaven export" and "import"',
      remedyBy: 'admin',
    });
  }

  private async isKnown(module: ModulePath): Promise<boolean> {
    for (const kind of ['info', 'mod', 'zip'] as const) {
      if ((await this.options.store.versions(module, kind)).length > 0) return true;
    }
    return false;
  }
}
