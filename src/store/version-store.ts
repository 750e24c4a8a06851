/**
 * Where finished versions are kept.
 *
 * An interface, because there is more than one good place (a directory now, an object store later). The promises that
 * every implementation makes: what is put once is never replaced, a reader sees a whole file or none, and two
 * processes that put the same file agree on one of them.
 */
import type { Readable, Writable } from 'node:stream';
import { escapePath, escapeVersion } from '../module/escaping.js';
import type { ModulePath } from '../module/module-path.js';

/** The parts of a version, named as in the GOPROXY protocol; `ziphash` holds the `h1:` hash of the zip. */
export type PartKind = 'info' | 'mod' | 'zip' | 'ziphash';

export interface Part {
  module: ModulePath;
  /** Canonical. */
  version: string;
  kind: PartKind;
}

/** The path of a part in a tree that `GOPROXY=file://` reads: `<escaped module>/@v/<escaped version>.<kind>`. */
export function storedName({ module, version, kind }: Part): string {
  return `${escapePath(module)}/@v/${escapeVersion(version)}.${kind}`;
}

/** Bytes of a stored part, `end` inclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/** A stored part that is being read. Whoever opened it closes it once. */
export interface OpenPart {
  /** In bytes. */
  readonly size: number;
  /** Reads up to `length` bytes from `position` on to the beginning of `target`, and says how many they were. */
  read(
    target: Buffer,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead: number) => void,
  ): void;
  close(): void;
}

/** The reading half of a store: also of what others keep versions in. */
export interface VersionSource {
  /** Size in bytes, or undefined if the part is not stored. */
  size(part: Part): Promise<number | undefined>;
  /** The whole part, or undefined if it is not stored. For small parts. */
  read(part: Part): Promise<Buffer | undefined>;
  /** A stream over a part that is stored. */
  open(part: Part, range?: ByteRange): Readable;
  /** The versions of a module of which at least `kind` is stored, in no order. */
  versions(module: ModulePath, kind: PartKind): Promise<string[]>;
  /** The modules of which anything is stored, sorted. */
  modules(): AsyncIterable<ModulePath>;
}

export interface VersionStore extends VersionSource {
  /** The part for reads at any place, or undefined if it is not stored. */
  openPart(part: Part): Promise<OpenPart | undefined>;
  /**
   * Stores what `write` writes, unless the part is stored already, and in the end makes sure it lasts. If `write`
   * throws, nothing is stored. The stored bytes may be another process's: read them back where that matters.
   */
  put(part: Part, write: (sink: Writable) => Promise<void>): Promise<void>;
  /**
   * Stores a finished `file`, on the same terms. The file itself is left where it is, for the caller to remove; a store
   * on the same disk does not copy it.
   */
  putFile(part: Part, file: string): Promise<void>;
  /** What writers that are not finished, or never will be, have left of a module: names for people. */
  leftovers(module: ModulePath): Promise<string[]>;
}

/** Stores a part that is held in memory. */
export function putBytes(store: VersionStore, part: Part, bytes: Buffer): Promise<void> {
  return store.put(
    part,
    (sink) =>
      new Promise((resolve, reject) => {
        sink.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
  );
}
