/**
 * Which files an archive has to hold, and the hash of all of them. git keeps its trees in the byte order of paths, which is
 * that of `h1:` hashes too: so nothing needs to be remembered of a file that has passed, however many there are. Trees that
 * other programs made may be in another order; their files are few.
 */
import { compareBytes } from '../../module/byte-order.js';
import { hash1, OrderedHash1, type HashedFile } from '../../module/files/dirhash.js';

/** Whether paths are in the byte order that git keeps trees in. */
export function isInByteOrder(paths: readonly string[]): boolean {
  return paths.every((path, i) => i === 0 || compareBytes(paths[i - 1] ?? '', path) < 0);
}

/** The files that an archive has to hold. It holds them in the order of the trees, so that most need no index. */
export class WantedFiles {
  /** Whether they are in the byte order of their paths, as git keeps trees. */
  readonly isOrdered: boolean;
  readonly #paths: string[];
  /** Those left, where they may come in another order. */
  readonly #left: Set<string> | undefined;
  #at = 0;

  /** Takes `paths` over: those that came are let go. */
  constructor(paths: string[]) {
    this.#paths = paths;
    this.isOrdered = isInByteOrder(paths);
    this.#left = this.isOrdered ? undefined : new Set(paths);
  }

  /** Those that are wanted; of use before the first one came. */
  paths(): readonly string[] {
    return this.#paths;
  }

  /** Whether `path` is wanted; it is not any more then. */
  take(path: string): boolean {
    if (this.#left !== undefined) return this.#left.delete(path);
    if (this.#paths[this.#at] !== path) return false;
    this.#paths[this.#at] = '';
    this.#at += 1;
    return true;
  }

  /** One that did not come. */
  lost(): string | undefined {
    if (this.#left !== undefined) return this.#left.values().next().value;
    return this.#paths[this.#at];
  }
}

/** The hashes of the files of a zip, which become one. Of those that come in order nothing is kept. */
export class FileHashes {
  readonly #name: string;
  readonly #ordered: OrderedHash1 | undefined;
  readonly #all: HashedFile[] = [];
  /** A file whose turn is still to come. */
  #expected: { path: string; sha256: string } | undefined;

  /** `name` stands before each path. */
  constructor(name: string, isOrdered: boolean) {
    this.#name = name;
    this.#ordered = isOrdered ? new OrderedHash1() : undefined;
  }

  /** Adds a file at its place among the others. */
  expect(file: { path: string; sha256: string }): void {
    this.#expected = file;
  }

  add(file: { path: string; sha256: string }): void {
    const expected = this.#expected;
    if (expected !== undefined && compareBytes(expected.path, file.path) < 0) {
      this.#expected = undefined;
      this.#note(expected);
    }
    this.#note(file);
  }

  sum(): string {
    if (this.#expected !== undefined) this.#note(this.#expected);
    return this.#ordered?.sum() ?? hash1(this.#all);
  }

  #note({ path, sha256 }: { path: string; sha256: string }): void {
    const file = { name: `${this.#name}/${path}`, sha256 };
    if (this.#ordered === undefined) this.#all.push(file);
    else this.#ordered.add(file);
  }
}
