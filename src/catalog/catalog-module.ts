/** One module of the catalog: its versions and when they came. Two arrays, because a store may hold a million versions. */
import { newestRelease } from '../module/latest.js';
import type { CanonicalVersion } from '../module/version.js';
import type { ModulePath } from '../module/module-path.js';
import { sortVersions } from '../module/semver.js';
import type { ListedVersion, ModuleVersion } from '../store/version-store.js';
import { MOMENT_SPAN_US, momentOf, type Moment } from './moment.js';

/** A version in the index of modules. */
export interface IndexEntry extends ModuleVersion {
  moment: Moment;
}

export class CatalogModule {
  readonly path: ModulePath;
  /** See `ListedModule.state`. */
  state: string | undefined;
  private names: CanonicalVersion[] = [];
  /** Milliseconds since 1970, in the order of `names`. */
  private times: number[] = [];
  private sorted: readonly CanonicalVersion[] | undefined;

  constructor(path: ModulePath) {
    this.path = path;
  }

  /** Takes what a scan found. A version that is new since the last scan came at `foundAt`, if that is given. */
  replace(versions: readonly ListedVersion[], foundAt: number | undefined): void {
    const known = new Map(this.names.map((name, i) => [name, this.times[i]]));
    this.names = versions.map(({ version }) => version);
    this.times = versions.map(
      ({ version, storedAt }) => known.get(version) ?? Math.max(storedAt, foundAt ?? storedAt),
    );
    this.sorted = undefined;
  }

  /** A part of a version was stored at `storedAt`; only the first counts. */
  add(version: CanonicalVersion, storedAt: number): void {
    if (this.names.includes(version)) return;
    this.names.push(version);
    this.times.push(storedAt);
    this.sorted = undefined;
  }

  /** Oldest first, by the rules of versions. */
  versions(): readonly CanonicalVersion[] {
    this.sorted ??= sortVersions(this.names);
    return this.sorted;
  }

  has(version: string): boolean {
    return this.names.some((name) => name === version);
  }

  /** The newest release; without one, the newest version at all. Undefined if the module has no version. */
  newest(): CanonicalVersion | undefined {
    return newestRelease(this.versions());
  }

  /** When a version came; undefined for one that is not stored. */
  momentOf(version: string): Moment | undefined {
    const i = this.names.findIndex((name) => name === version);
    return i < 0 ? undefined : this.moment(i);
  }

  /** The versions whose time may be one that is wanted: `isWanted` takes the microseconds between which it lies. */
  *entries(isWanted: (from: number, to: number) => boolean = () => true): Iterable<IndexEntry> {
    for (const [i, version] of this.names.entries()) {
      const us = Math.floor((this.times[i] ?? 0) * 1000);
      if (isWanted(us, us + MOMENT_SPAN_US)) yield { module: this.path, version, moment: this.moment(i) };
    }
  }

  private moment(i: number): Moment {
    return momentOf(this.times[i] ?? 0, `${this.path}@${this.names[i] ?? ''}`);
  }
}
