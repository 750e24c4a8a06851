/**
 * Where modules come from, and what callers are given: read this file first.
 *
 * `ModuleSource` is pure fetch: it asks the origin of a module and keeps nothing. There are four: `git-source.ts` (the
 * repository that a rule names), the same over `discovery/` (the repository that a go-import page names),
 * `upstream/upstream-modules.ts` (other proxies) and `offline.ts` (what is stored of public modules, where there is no
 * upstream). `Modules` is what all other code uses: `cached.ts` makes it of a source and a store, and `router.ts` chooses
 * among several.
 *
 * The life of a version: the first answer about it, in whatever form, stores its `.info`, and with it the commit. From
 * then on the source is handed this `.info` (it is *pinned*), and `.mod` and `.zip` are made of that commit and of no
 * other. So all three always describe the same copy, whatever happens to the tag, the repository or the map.
 */
import type { Readable, Writable } from 'node:stream';
import type { Info } from '../module/info.js';
import type { CanonicalVersion } from '../module/version.js';
import type { ModulePath } from '../module/module-path.js';
import type { SourceName } from '../observe/events.js';
import type { OpenPart } from '../store/version-store.js';
import type { OpenEarlier } from './zip/entry-reuse.js';

/**
 * The origin of modules. Every method throws MODULE_NOT_FOUND, VERSION_NOT_FOUND, VERSION_GONE or MODULE_INVALID only for
 * what the origin itself said; whatever could not be found out is one of the HOST_ codes.
 */
export interface ModuleSource {
  /** Canonical versions, oldest first. */
  list(module: ModulePath): Promise<SourceList>;
  /** The `.info` of the version that `query` (version, tag, branch, hash, `latest`, `v1`) means. */
  info(module: ModulePath, query: string): Promise<SourceInfo>;
  /** The go.mod of a canonical version: of the commit that `pinned` names, if it names one. */
  mod(module: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceMod>;
  /** The zip of a canonical version, likewise. */
  zip(module: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceZip>;
}

export interface SourceList {
  versions: CanonicalVersion[];
  /** When the origin said so, in milliseconds since 1970. */
  asOf: number;
  /** Whether one of several homes could not be asked, so that versions may be missing. */
  isPartial?: boolean;
}

export interface SourceInfo {
  /** The version that the query means. */
  version: CanonicalVersion;
  /** The bytes of the `.info`, for this query: an Origin names what the answer depends on. */
  info: Buffer;
  /** When the origin said so, in milliseconds since 1970. */
  asOf: number;
  /**
   * The `.info` of `version` asked for by this name, from the same state of the origin: what is stored of a version that
   * was found by another name. Absent where sources have nothing to pin.
   */
  byName?: () => Promise<Buffer>;
}

/** What was found on the way to a `.mod` or `.zip` and is worth being stored with it. */
export interface FoundOnTheWay {
  /** The `.info` of the version, where none was pinned and the origin is a repository. */
  info?: Buffer;
}

export interface SourceMod extends FoundOnTheWay {
  mod: Buffer;
}

export interface SourceZip extends FoundOnTheWay {
  /** go.mod of the same commit, where it is known. */
  mod?: Buffer;
  /** Makes or fetches the whole zip, checked. To be called once; throws what the methods of a source throw. */
  deliver(target: ZipTarget): Promise<void>;
  /** See `ModuleZip.follow`. Present where the zip comes in as a stream. */
  follow?: FollowZip;
}

/** Where a zip is delivered to. Each method resolves when the zip is stored and lasts. */
export interface ZipTarget {
  /** Takes what `write` writes; `write` returns the `h1:` hash. May be called again after a failure. */
  put(write: (sink: Writable) => Promise<string>): Promise<void>;
  /**
   * Takes a finished file, which stays where it is, and what it holds. Throws HOST_REFUSED if that does not belong to the
   * go.mod which is stored.
   */
  putFile(file: string, zip: WholeZip): Promise<void>;
  /** The same for a zip that is held in memory. */
  putBytes(bytes: Buffer, zip: WholeZip): Promise<void>;
  /** Other zips of the module that are stored; absent where they cannot be read at any position. */
  earlier?: OpenEarlier | undefined;
}

/** What is known of a zip that came as a whole and was checked. */
export interface WholeZip {
  /** The `h1:` hash. */
  hash: string;
  /** The SHA-256 of its go.mod, in hex; undefined if it holds none. */
  goMod: string | undefined;
}

/** All modules, as the server and the commands ask for them: out of the store where that is possible. */
export interface Modules {
  list(module: ModulePath, options?: FetchOptions): Promise<Fetched<CanonicalVersion[]>>;
  info(module: ModulePath, query: string, options?: FetchOptions): Promise<Fetched<Buffer>>;
  mod(module: ModulePath, version: string, options?: FetchOptions): Promise<Fetched<Buffer>>;
  /** Resolves as soon as the zip is stored or on its way. */
  zip(module: ModulePath, version: string, options?: FetchOptions): Promise<ModuleZip>;
}

export interface FetchOptions {
  /** From the store or not at all (`Disable-Module-Fetch: true`): throws NOT_CACHED. */
  onlyCached: boolean;
  /**
   * The store was asked for it just now, from then on (`performance.now()`), and does not have it: it need not be asked
   * again before the origin is.
   */
  absentSince?: number | undefined;
}

export interface Fetched<T> {
  value: T;
  /** Whether the source was left alone. */
  fromCache: boolean;
  /** Which source was asked, or would have been. */
  source?: SourceName;
  /** Whether the answer can never change. */
  immutable: boolean;
  /** Of what may change: when it was known to be so, in milliseconds since 1970. Absent: now. */
  fetchedAt?: number;
  /** Whether it is older than `refresh` allows, because the origin cannot be asked. */
  stale?: boolean;
}

export interface ModuleZip {
  fromCache: boolean;
  /** Which source was asked, or would have been. */
  source?: SourceName;
  /** The zip once all of it is stored. Throws what stood in the way. */
  stored: () => Promise<StoredZip>;
  /** Present where the zip can be read while it comes in. */
  follow?: FollowZip;
}

/** A new reader of a zip that comes in; undefined if it is stored by now. */
export type FollowZip = () => Promise<ZipStream | undefined>;

export interface ZipStream {
  /** Bytes, where they are known. */
  length: number | undefined;
  /** From the first byte on. Breaks off before the end if the zip turns out to be bad. */
  body: Readable;
}

export interface StoredZip {
  /** `h1:` hash. */
  hash: string;
  /** Opens the zip for reading. The caller closes it. */
  open: () => Promise<OpenPart>;
}
