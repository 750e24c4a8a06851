/**
 * The `h1:` hashes of go.sum (Go Modules Reference, "go.sum files"; package golang.org/x/mod/sumdb/dirhash): the
 * SHA-256, in base64, of one line for each file, `<sha256 in hex>  <name>\n`, in the byte order of the names.
 * For a zip the names are those in the zip (`module@version/…`); the hash of a go.mod file is that of a zip which
 * holds `go.mod` alone.
 */

import { createHash } from 'node:crypto';

import { ModhavenError } from '../../errors.js';
import { compareBytes } from '../byte-order.js';
import { quote } from '../go-string.js';

/** One file of a zip. */
export interface HashedFile {
  name: string;
  /** SHA-256 of the content, lower-case hex. */
  sha256: string;
}

/** The `h1:` hash of these files, in whatever order they come. Throws MODULE_INVALID for a name with a line break. */
export function hash1(files: Iterable<HashedFile>): string {
  const hash = createHash('sha256');
  for (const { name, sha256 } of [...files].sort((a, b) => compareBytes(a.name, b.name))) {
    hash.update(lineOf(name, sha256));
  }
  return `h1:${hash.digest('base64')}`;
}

/** The `h1:` hash of files that are added in the byte order of their names: they are not held in memory. */
export class OrderedHash1 {
  readonly #hash = createHash('sha256');
  #last: string | undefined;

  /** Throws an Error where the name is not behind the one before it, and MODULE_INVALID for one with a line break. */
  add({ name, sha256 }: HashedFile): void {
    if (this.#last !== undefined && compareBytes(this.#last, name) >= 0) {
      throw new Error(`${quote(name)} is not behind ${quote(this.#last)}`);
    }
    this.#last = name;
    this.#hash.update(lineOf(name, sha256));
  }

  sum(): string {
    return `h1:${this.#hash.digest('base64')}`;
  }
}

function lineOf(name: string, sha256: string): string {
  if (name.includes('\n')) {
    throw new ModhavenError('MODULE_INVALID', `file name ${quote(name)} contains a line break`);
  }
  return `${sha256}  ${name}\n`;
}

/** Whether `text` has the form of an `h1:` hash. */
export function isHash1(text: string): boolean {
  return /^h1:[A-Za-z0-9+/]{43}=$/.test(text);
}

/** The `h1:` hash of a go.mod file (the `/go.mod` lines of go.sum). */
export function goModHash(text: Buffer): string {
  return hash1([{ name: 'go.mod', sha256: createHash('sha256').update(text).digest('hex') }]);
}
