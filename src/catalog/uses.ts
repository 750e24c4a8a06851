/**
 * Which modules of the catalog use which: the requirements of the newest version of each, read once a version. Direct
 * requirements only, as go.mod marks them.
 */
import { outlineGoMod } from '../module/go-mod-outline.js';
import type { CanonicalVersion } from '../module/version.js';
import type { VersionReader } from '../store/version-store.js';
import type { Catalog } from './catalog.js';
import type { CatalogModule } from './catalog-module.js';

/** A module that requires another one. */
export interface Use {
  module: string;
  /** The version whose go.mod says so. */
  version: string;
  /** The version that it requires. */
  required: string;
}

interface KnownRequires {
  version: CanonicalVersion;
  requires: ReadonlyMap<string, string>;
}

/** go.mod files that are read at the same time. */
const PARALLEL = 16;

export class Uses {
  private readonly catalog: Catalog;
  private readonly store: Pick<VersionReader, 'read'>;
  private readonly known = new Map<string, KnownRequires>();
  private readonly users = new Map<string, Map<string, string>>();
  private reading: Promise<void> | undefined;

  constructor(catalog: Catalog, store: Pick<VersionReader, 'read'>) {
    this.catalog = catalog;
    this.store = store;
  }

  /** Reads what is new. Throws STORAGE. */
  update(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** Whether the newest version of a module requires `path`. */
  usersOf(path: string): (module: string) => boolean {
    const users = this.users.get(path);
    return (module) => users?.has(module) === true;
  }

  /** The modules whose newest version requires `path`, by their paths. */
  of(path: string, mayRead: (module: string) => boolean): Use[] {
    return [...(this.users.get(path) ?? [])]
      .filter(([module]) => mayRead(module))
      .map(([module, required]) => ({ module, required, version: this.known.get(module)?.version ?? '' }))
      .sort((a, b) => (a.module < b.module ? -1 : 1));
  }

  private async read(): Promise<void> {
    const modules = this.catalog.all();
    const gone = new Set(this.known.keys());
    for (const { path } of modules) gone.delete(path);
    for (const path of gone) this.forget(path);
    const outdated = modules.filter((module) => this.known.get(module.path)?.version !== module.newest());
    const queue = outdated.values();
    await Promise.all(Array.from({ length: PARALLEL }, () => this.work(queue)));
  }

  private async work(queue: Iterator<CatalogModule>): Promise<void> {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await this.readOne(next.value);
  }

  private async readOne(module: CatalogModule): Promise<void> {
    const version = module.newest();
    if (version === undefined) {
      this.forget(module.path);
      return;
    }
    const bytes = await this.store.read({ module: module.path, version, kind: 'mod' });
    if (bytes === undefined) return; // not there yet
    this.forget(module.path);
    const { requires } = outlineGoMod(bytes.toString());
    const direct = requires.filter(({ isIndirect }) => !isIndirect);
    this.known.set(module.path, {
      version,
      requires: new Map(direct.map(({ path, version: required }) => [path, required])),
    });
    for (const { path, version: required } of direct) {
      const users = this.users.get(path) ?? new Map<string, string>();
      this.users.set(path, users.set(module.path, required));
    }
  }

  private forget(path: string): void {
    for (const required of this.known.get(path)?.requires.keys() ?? []) {
      const users = this.users.get(required);
      users?.delete(path);
      if (users?.size === 0) this.users.delete(required);
    }
    this.known.delete(path);
  }
}
