/**
 * Where finished versions are kept: the interface, to be read first.
 *
 * A version has four parts (`.info`, `.mod`, `.zip`, `.ziphash`). A `VersionReader` reads them; a `VersionStore` adds
 * new ones. Every implementation makes three promises: a part that was put is never replaced, a reader sees a whole
 * part or none, and two processes that put the same part agree on one of them.
 *
 * There is more than one good place for versions, and not every place can do everything. What only some can do is a
 * capability: a property that is undefined where it is missing (`positions`, `removal`, `listing`).
 *
 * The implementations: `disk/disk-store.ts` (the default), `bucket/bucket-store.ts` (an object store), and decorators that add
 * a rule to another store (`store-decorator.ts`).
 */
import { Writable, type Readable } from 'node:stream';
import { escapePath, escapeVersion } from '../module/escaping.js';
import type { ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';

/** The parts of a version, named as in the GOPROXY protocol; `ziphash` holds the `h1:` hash of the zip. */
export type PartKind = 'info' | 'mod' | 'zip' | 'ziphash';

/** All kinds of parts, in the order in which a version is written: `ziphash` before the zip that it describes. */
export const PART_KINDS: readonly PartKind[] = ['info', 'mod', 'ziphash', 'zip'];

/** Bytes of a part that is read as a whole, which all but the zip are: a go.mod from a repository has 24 MiB at most. */
export const MAX_SMALL_PART = 32 * 1024 * 1024;

/** The `Content-Type` of each part and of a version list: from this server, and from a bucket behind any web server. */
export const CONTENT_TYPES = {
  list: 'text/plain; charset=utf-8',
  info: 'application/json',
  mod: 'text/plain; charset=utf-8',
  zip: 'application/zip',
  ziphash: 'text/plain; charset=utf-8',
} as const satisfies Record<PartKind | 'list', string>;

export interface ModuleVersion {
  module: ModulePath;
  version: CanonicalVersion;
}

export interface Part extends ModuleVersion {
  kind: PartKind;
}

/** A part by whatever name it is asked for: a version, a branch or a hash. */
export interface AskedPart extends Omit<Part, 'version'> {
  version: string;
}

/** The path of a part in a tree that `GOPROXY=file://` reads: `<escaped module>/@v/<escaped version>.<kind>`. */
export function storedName({ module, version, kind }: AskedPart): string {
  return `${escapePath(module)}/@v/${escapeVersion(version)}.${kind}`;
}

/** Bytes of a stored part, `end` inclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Reads versions. Every method throws STORAGE if the place cannot be read. */
export interface VersionReader {
  /** Size in bytes, or undefined if the part is not stored. */
  size(part: Part): Promise<number | undefined>;
  /** The whole part, or undefined if it is not stored. For small parts. */
  read(part: Part): Promise<Buffer | undefined>;
  /** A stream over a part that is stored. The stream fails if it is not. */
  open(part: Part, range?: ByteRange): Readable;
  /** The versions of a module of which at least `kind` is stored, in no order. */
  versions(module: ModulePath, kind: PartKind): Promise<CanonicalVersion[]>;
  /** The modules of which anything is stored, sorted. */
  modules(): AsyncIterable<ModulePath>;
}

/** What a part is to be: its bytes where they are at hand (small parts), else what writes them. */
export type PartContent = Buffer | PartWriter;

export type PartWriter = (sink: Writable) => Promise<void>;

/** Reads and adds versions. Every method throws STORAGE if the place cannot be read or written. */
export interface VersionStore extends VersionReader {
  /**
   * Stores `content`, unless the part is stored already; once this resolves, the part lasts. If a writer throws, nothing
   * is stored. True: what is stored is this content. False: it may be another process's; read it back where that matters.
   */
  put(part: Part, content: PartContent): Promise<boolean>;
  /**
   * Stores a finished `file` on the same terms. The file itself is left where it is, for the caller to remove; a store
   * on the same disk does not copy it.
   */
  putFile(part: Part, file: string): Promise<boolean>;
  /** Writes something, reads it back and removes it. Throws STORAGE if one of these fails. */
  probe(): Promise<void>;
  /** Capability: reads at any position of a part without a stream for each. Undefined: `open` with a range. */
  readonly positions?: PositionalReads | undefined;
  /** Capability: what is stored can be measured and removed. Undefined: nothing is removed from here. */
  readonly removal?: VersionRemoval | undefined;
  /** Capability: says at little cost what it holds, and what has changed since. Undefined: no pages list its modules. */
  readonly listing?: VersionListing | undefined;
}

export interface PositionalReads {
  /** Opens a part, or undefined if it is not stored. */
  open(part: Part): Promise<OpenPart | undefined>;
}

/** A stored part that is being read. The caller who opened it closes it once. It stays readable if it is removed. */
export interface OpenPart {
  /** In bytes. */
  readonly size: number;
  /** Tells its file from others of its name, before and after it; undefined where it is not a file. */
  readonly stamp?: string | undefined;
  /** Reads up to `length` bytes from `position` on to the beginning of `target`, and says how many they were. */
  read(
    target: Buffer,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead: number) => void,
  ): void;
  close(): void;
}

export interface VersionListing {
  /**
   * What is stored of every module, in no order. `stateOf` gives the `state` that an earlier scan told of a module: one
   * of which nothing has changed since comes without its versions. What is not named is not stored any more.
   */
  scan(stateOf: (module: ModulePath) => string | undefined): AsyncIterable<ListedModule>;
  /**
   * Writes the lists beside the versions that do not name what lies there: a process that is killed between a version and
   * its list leaves one. Undefined where no lists are kept.
   */
  mendLists?(): Promise<void>;
}

export interface ListedModule {
  module: ModulePath;
  /** Opaque; undefined where the next scan has to look again in any case. */
  state: string | undefined;
  /** Those of which any part but the `ziphash` is stored, in no order; undefined: as they were at the given state. */
  versions: readonly ListedVersion[] | undefined;
}

export interface ListedVersion {
  version: CanonicalVersion;
  /** When its first part was stored, in milliseconds since 1970, with a fraction. */
  storedAt: number;
}

export interface VersionRemoval {
  /** What is stored of every version, in no order. */
  usage(): AsyncIterable<VersionUsage>;
  /** Removes all parts of a version, the zip first. Resolves with the bytes that were freed. */
  remove(version: ModuleVersion): Promise<number>;
  /** Files of a module that writers have not finished, or never will: names for people. */
  leftovers(module: ModulePath): Promise<string[]>;
}

export interface VersionUsage extends ModuleVersion {
  /** Size of all its parts, in bytes. */
  bytes: number;
  /** When its newest part was stored, in milliseconds since 1970. */
  storedAt: number;
}

/** Stores a part that is held in memory. */
export function putBytes(store: VersionStore, part: Part, bytes: Buffer): Promise<boolean> {
  return store.put(part, bytes);
}

/** The bytes of a small part, for a store that has to see them before it takes them. */
export async function bytesOf(content: PartContent): Promise<Buffer> {
  if (typeof content !== 'function') return content;
  const pieces: Buffer[] = [];
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  await content(sink);
  return Buffer.concat(pieces);
}

/** What writes `content`, for a store that takes everything as a stream. */
export function writerOf(content: PartContent): PartWriter {
  if (typeof content === 'function') return content;
  return (sink) =>
    new Promise((resolve, reject) => {
      sink.write(content, (error) => (error ? reject(error) : resolve()));
    });
}
