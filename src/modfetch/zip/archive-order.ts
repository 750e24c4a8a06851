/**
 * Which files an archive has to hold, and the hash of all of them. git keeps its trees in the byte order of paths, which is
 * that of `h1:` hashes too: so nothing needs to be remembered of a file that has passed, however many there are. Trees that
 * other programs made may be in another order; their files are few.
 */
import { compareBytes } from '../../module/byte-order.js';
import { hash1, OrderedHash1, type HashedFile } from '../../module/files/dirhash.js';
import { Blocks } from '../../zip/blocks.js';

/** The files that an archive has to hold. It holds them in the order of the trees, so that most need no index. */
export class ExpectedFiles {
  readonly #names = new Blocks();
  #isOrdered = true;
  #last: string | undefined;
  /** Those left, in their order; where they may come in another order, all of them. */
  #left: Iterator<string, undefined> | Set<string> | undefined;
  #next: string | undefined;

  /** Whether they were added in the byte order of their paths, as git keeps trees. */
  get isOrdered(): boolean {
    return this.#isOrdered;
  }

  /** Adds a file. All are added before the first one is taken. */
  add(path: string): void {
    this.#isOrdered &&= this.#last === undefined || compareBytes(this.#last, path) < 0;
    this.#last = path;
    this.#names.add(Buffer.from(`${path}${END}`));
  }

  /** Whether `path` is wanted; it is not any more then. */
  take(path: string): boolean {
    const left = this.#begun();
    if (left instanceof Set) return left.delete(path);
    if (this.#next !== path) return false;
    this.#next = left.next().value;
    return true;
  }

  /** One that did not come. */
  lost(): string | undefined {
    const left = this.#begun();
    return left instanceof Set ? left.values().next().value : this.#next;
  }

  #begun(): Iterator<string, undefined> | Set<string> {
    if (this.#left === undefined) {
      const names = textsIn(this.#names);
      this.#left = this.#isOrdered ? names : new Set(names);
      if (this.#isOrdered) this.#next = names.next().value;
    }
    return this.#left;
  }
}

/** The files with these paths. */
export function expectedFiles(paths: readonly string[]): ExpectedFiles {
  const wanted = new ExpectedFiles();
  for (const path of paths) wanted.add(path);
  return wanted;
}

/** Behind each name; no name holds it. */
const END = '\0';

function* textsIn(blocks: Blocks): Generator<string, undefined> {
  for (const block of blocks.take()) {
    // Each name was added as a whole.
    for (let at = 0; at < block.length;) {
      const end = block.indexOf(END, at);
      yield block.toString('utf8', at, end);
      at = end + 1;
    }
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
