/**
 * Public modules without an upstream: what is stored of them is all there is. Lists and `@latest` are computed from
 * it, so that whatever they name can be fetched.
 */
import { ModhavenError, isModhavenError } from '../errors.js';
import { decodeInfo } from '../module/info.js';
import type { ModulePath } from '../module/module-path.js';
import type { VersionStore } from '../store/version-store.js';
import type { ModuleSource, SourceInfo, SourceList, SourceMod, SourceZip } from './repo.js';
import { cachedLatest, cachedList } from './stored-versions.js';

export interface OfflineSourceOptions {
  store: Pick<VersionStore, 'read' | 'versions'>;
  /** Says what is wrong with a path of which nothing is stored. */
  unknown: ModuleSource;
}

/** Belongs under `cached` with the same store, which answers for the parts that are stored. */
export class OfflineSource implements ModuleSource {
  private readonly options: OfflineSourceOptions;

  constructor(options: OfflineSourceOptions) {
    this.options = options;
  }

  async list(module: ModulePath): Promise<SourceList> {
    const { store, unknown } = this.options;
    try {
      return { versions: await cachedList(store, module, true), asOf: Date.now() };
    } catch (error) {
      if (!isModhavenError(error, 'NOT_CACHED')) throw error;
      return unknown.list(module);
    }
  }

  async info(module: ModulePath, query: string): Promise<SourceInfo> {
    const { store, unknown } = this.options;
    if (query !== 'latest')
      return this.absent(module, `${module}@${query}`, () => unknown.info(module, query));
    try {
      const info = await cachedLatest(store, module, true);
      return { version: decodeInfo(info).Version, info, asOf: Date.now() };
    } catch (error) {
      if (!isModhavenError(error, 'NOT_CACHED')) throw error;
      return this.absent(module, module, () => unknown.info(module, query));
    }
  }

  mod(module: ModulePath, version: string): Promise<SourceMod> {
    const { unknown } = this.options;
    return this.absent(module, `${module}@${version} (.mod)`, () => unknown.mod(module, version));
  }

  zip(module: ModulePath, version: string): Promise<SourceZip> {
    const { unknown } = this.options;
    return this.absent(module, `${module}@${version} (.zip)`, () => unknown.zip(module, version));
  }

  /** Throws for `subject`, which is not stored; of a module of which nothing is, `ask` says more. */
  private async absent<T>(module: ModulePath, subject: string, ask: () => Promise<T>): Promise<T> {
    if (!(await this.isKnown(module))) return ask();
    throw new ModhavenError('VERSION_NOT_FOUND', `not found: ${subject} is not in the cache`, {
      reason: 'this server has no upstream, so public modules come from its cache alone (upstream: off)',
      remedy:
        'name an upstream in modhaven.yaml, or bring the version here with "modhaven export" and "import"',
    });
  }

  private async isKnown(module: ModulePath): Promise<boolean> {
    for (const kind of ['info', 'mod', 'zip'] as const)
      if ((await this.options.store.versions(module, kind)).length > 0) return true;
    return false;
  }
}
