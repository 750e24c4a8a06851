import { createHash } from 'node:crypto';
import type { HashedFile } from '../module/files/dirhash.js';

/** The SHA-256 of the go.mod of a version, in hex; undefined if its zip holds none. */
export function goModIn(
  files: readonly HashedFile[],
  { module, version }: { module: string; version: string },
): string | undefined {
  return files.find(({ name }) => name === `${module}@${version}/go.mod`)?.sha256;
}

/**
 * Whether `mod` is the go.mod with the hash `sha256` (hex) in a zip, but for line ends: a tag may have been checked out
 * with others.
 */
export function isZippedMod(mod: Buffer, sha256: string): boolean {
  const text = mod.toString('latin1').replaceAll('\r\n', '\n');
  const forms = [mod, Buffer.from(text, 'latin1'), Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')];
  return forms.some((form) => createHash('sha256').update(form).digest('hex') === sha256);
}
