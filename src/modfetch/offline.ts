/**
 * Public modules without an upstream: what is stored of them is all there is. Lists and `@latest` are computed from
 * it, so that whatever they name can be fetched.
 */
import { ModhavenError, isModhavenError } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import { isCanonicalVersion } from '../module/version.js';
import { cachedLatest, cachedList } from './stored-versions.js';
import type { Fetched, ModuleSource } from './git-source.js';
import type { Part, VersionStore } from '../store/version-store.js';

export interface OfflineOptions {
  store: VersionStore;
  /** Who says what is wrong with a path of which nothing is stored. */
  unknown: ModuleSource;
}

export function createOfflineSource({ store, unknown }: OfflineOptions): ModuleSource {
  /** What `stored` gets, or, of a module that nobody has heard of, what `ask` says. */
  async function orUnknown<T>(module: ModulePath, stored: Promise<T>, ask: () => Promise<T>): Promise<T> {
    try {
      return await stored;
    } catch (error) {
      const isAbsent = isModhavenError(error, 'NOT_CACHED', 'VERSION_NOT_FOUND');
      if (!isAbsent) throw error;
      if (!(await isHeardOf(module))) return ask();
      throw isModhavenError(error, 'NOT_CACHED') ? notStored(module) : error;
    }
  }

  async function isHeardOf(module: ModulePath): Promise<boolean> {
    for (const kind of ['info', 'mod', 'zip'] as const)
      if ((await store.versions(module, kind)).length > 0) return true;
    return false;
  }

  async function infoOf(module: ModulePath, query: string): Promise<Fetched<Buffer>> {
    if (query === 'latest')
      return { value: await cachedLatest(store, module, true), fromCache: true, immutable: false };
    const part: Part = { module, version: query, kind: 'info' };
    const value = isCanonicalVersion(query) ? await store.read(part) : undefined;
    if (value === undefined) throw notStored(`${module}@${query}`);
    return { value, fromCache: true, immutable: true };
  }

  async function partOf(part: Part): Promise<{ fromCache: boolean }> {
    const size = isCanonicalVersion(part.version) ? await store.size(part) : undefined;
    if (size === undefined) throw notStored(`${part.module}@${part.version} (.${part.kind})`);
    return { fromCache: true };
  }

  return {
    list: (module, ask) =>
      orUnknown(
        module,
        cachedList(store, module, true).then((value) => ({ value, fromCache: true, immutable: false })),
        () => unknown.list(module, ask),
      ),
    info: (module, query, ask) =>
      orUnknown(module, infoOf(module, query), () => unknown.info(module, query, ask)),
    ensure: (module, version, kind, ask) =>
      orUnknown(module, partOf({ module, version, kind }), () => unknown.ensure(module, version, kind, ask)),
  };
}

function notStored(subject: string): ModhavenError {
  return new ModhavenError('VERSION_NOT_FOUND', `not found: ${subject} is not in the cache`, {
    reason: 'this server has no upstream, so public modules come from its cache alone (upstream: off)',
    remedy:
      'name an upstream in modhaven.yaml, or bring the version here with "modhaven export" and "import"',
  });
}
