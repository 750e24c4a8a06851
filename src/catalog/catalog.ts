/**
 * What the store holds, in memory: for pages, search and the index of modules.
 *
 * Nothing is read before the first request, so that a large store makes neither the start nor the fast path slower. Then the
 * store is scanned in the background; callers wait a bounded time and are told whether they see all of it. Afterwards
 * what this process stores is added at once, and what others store or remove is found by another scan, which a request
 * starts when the last one is too old.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ModulePath } from '../module/module-path.js';
import type { ModuleVersion, VersionListing } from '../store/version-store.js';
import { CatalogModule, type IndexEntry } from './catalog-module.js';
import { compareMoments, type Moment } from './moment.js';

export interface CatalogOptions {
  /** Undefined: the store cannot be listed, and the catalog stays empty. */
  listing: VersionListing | undefined;
  /** How old a scan may be before a request starts another, in milliseconds. */
  refreshMs?: number;
  onError: (error: unknown) => void;
}

/** Which versions are wanted, and which of them first. */
interface Selection {
  matches: (moment: Moment) => boolean;
  order: (a: Moment, b: Moment) => number;
  /** Whether a time between two (microseconds) may match, and come before `last`: spares most a closer look. */
  mayMatch: (from: number, to: number, last: Moment | undefined) => boolean;
}

const REFRESH_MS = 10_000;
/** A scan is not repeated before it has rested so many times as long as it took. */
const REST = 10;

export class Catalog {
  private readonly options: CatalogOptions;
  private readonly modules = new Map<string, CatalogModule>();
  private sorted: CatalogModule[] | undefined;
  private scanning: Promise<void> | undefined;
  private scannedAt = -Infinity;
  private scanMs = 0;
  private complete = false;

  constructor(options: CatalogOptions) {
    this.options = options;
  }

  /** Whether the whole store was read once. */
  get isComplete(): boolean {
    return this.complete;
  }

  /**
   * Updates the catalog, waiting at most `timeoutMs`. What was known before is good enough for callers that do
   * not want `isExact`: they wait only until the store was read once. Resolves with whether it was.
   */
  async refresh(timeoutMs: number, isExact = false): Promise<boolean> {
    const rest = isExact ? 0 : (this.options.refreshMs ?? REFRESH_MS);
    if (performance.now() - this.scannedAt >= Math.max(rest, this.scanMs * REST)) this.startScan();
    if (this.scanning !== undefined && (isExact || !this.complete)) {
      const timer = new AbortController();
      await Promise.race([
        this.scanning,
        delay(timeoutMs, undefined, { signal: timer.signal, ref: false }).catch(() => undefined),
      ]);
      timer.abort();
    }
    return this.complete;
  }

  /** Something of a version was stored by this process. */
  stored({ module, version }: ModuleVersion): void {
    if (this.scannedAt === -Infinity && this.scanning === undefined) return; // not asked for yet
    this.moduleOf(module).add(version, Date.now());
  }

  /** Something was removed: the next request looks again. */
  outdated(): void {
    if (this.scannedAt !== -Infinity) this.scannedAt = 0;
    this.scanMs = 0;
  }

  /** All modules, by their paths. Not to be changed. */
  all(): readonly CatalogModule[] {
    this.sorted ??= [...this.modules.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    return this.sorted;
  }

  get(path: string): CatalogModule | undefined {
    return this.modules.get(path);
  }

  /** The module with the longest path that is `path` or a parent of it. */
  enclosing(path: string): CatalogModule | undefined {
    for (let rest = path; rest !== ''; rest = rest.slice(0, Math.max(0, rest.lastIndexOf('/')))) {
      const found = this.get(rest);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The first `limit` versions from `since` on, oldest first, of modules that `mayRead` lets pass. */
  since(since: Moment, limit: number, mayRead: (module: string) => boolean): IndexEntry[] {
    return this.select(limit, mayRead, {
      matches: (moment) => compareMoments(moment, since) >= 0,
      order: compareMoments,
      mayMatch: (from, to, last) => to >= since.us && (last === undefined || from <= last.us),
    });
  }

  /** The `limit` versions that came last, newest first. */
  newest(limit: number, mayRead: (module: string) => boolean): IndexEntry[] {
    return this.select(limit, mayRead, {
      matches: () => true,
      order: (a, b) => compareMoments(b, a),
      mayMatch: (_from, to, last) => last === undefined || to >= last.us,
    });
  }

  /** The first `limit` of those that match, in an order: in one pass, holding little more than the result. */
  private select(limit: number, mayRead: (module: string) => boolean, selection: Selection): IndexEntry[] {
    const { matches, order, mayMatch } = selection;
    let best: IndexEntry[] = [];
    let last: Moment | undefined;
    const trim = () => {
      best = best.sort((a, b) => order(a.moment, b.moment)).slice(0, limit);
      if (best.length === limit) last = best.at(-1)?.moment;
    };
    for (const module of this.modules.values()) {
      let isReadable: boolean | undefined;
      for (const entry of module.entries((from, to) => mayMatch(from, to, last))) {
        if (!matches(entry.moment) || (last !== undefined && order(entry.moment, last) > 0)) continue;
        isReadable ??= mayRead(module.path);
        if (!isReadable) break;
        best.push(entry);
        if (best.length >= 2 * limit + 100) trim();
      }
    }
    trim();
    return best;
  }

  private startScan(): void {
    if (this.options.listing === undefined) {
      this.complete = true;
      this.scannedAt = performance.now();
      return;
    }
    this.scanning ??= this.scan(this.options.listing)
      .catch((error: unknown) => this.options.onError(error))
      .finally(() => {
        this.scanning = undefined;
        this.scannedAt = performance.now();
      });
  }

  private async scan(listing: VersionListing): Promise<void> {
    const startedAt = performance.now();
    const foundAt = this.complete ? Date.now() : undefined;
    const gone = new Set(this.modules.keys());
    for await (const { module, state, versions } of listing.scan((path) => this.modules.get(path)?.state)) {
      gone.delete(module);
      const known = this.moduleOf(module);
      known.state = state;
      if (versions !== undefined) known.replace(versions, foundAt);
    }
    for (const path of gone) this.modules.delete(path);
    if (gone.size > 0) this.sorted = undefined;
    this.complete = true;
    this.scanMs = performance.now() - startedAt;
  }

  private moduleOf(path: ModulePath): CatalogModule {
    let module = this.modules.get(path);
    if (module === undefined) {
      module = new CatalogModule(path);
      this.modules.set(path, module);
      this.sorted = undefined;
    }
    return module;
  }
}
