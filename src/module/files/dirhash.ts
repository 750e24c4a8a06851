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
    if (name.includes('\n')) {
      throw new ModhavenError('MODULE_INVALID', `file name ${quote(name)} contains a line break`);
    }
    hash.update(`${sha256}  ${name}\n`);
  }
  return `h1:${hash.digest('base64')}`;
}

/** The `h1:` hash of a go.mod file (the `/go.mod` lines of go.sum). */
export function goModHash(text: Buffer): string {
  return hash1([{ name: 'go.mod', sha256: createHash('sha256').update(text).digest('hex') }]);
}
