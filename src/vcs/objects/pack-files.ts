/** The files of packs in a bare repository, made and looked up without git (gitrepository-layout(5)). */
import { existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRegularSync } from '../../fs/regular-file.js';
import { isHash, type ObjectSpec } from '../names/object-name.js';
import { HASH_BYTES, type ObjectFormat } from './object-format.js';
import { encodeIndex, lists } from './pack-index.js';
import { readSmallPack, SMALL_PACK_LIMITS, type PackedObject } from './small-pack.js';

/** Indexes up to this size are read to see what is there; about 30 bytes for an object. */
const MAX_INDEX = 256 * 1024;

/**
 * Adds a pack to the repository in `dir` and returns what is in it. Nothing is flushed to the disk: what a power failure
 * tears is found broken later, and brought again. Synchronous: by way of threads the few steps take ten times as long. Throws
 * `NotSmall`, and errors of the file system.
 */
export function storeSmallPack(
  dir: string,
  pack: Buffer,
  { format, partial }: { format: ObjectFormat; partial: boolean },
): PackedObject[] {
  const objects = readSmallPack(pack, format, SMALL_PACK_LIMITS);
  const sum = pack.subarray(pack.length - HASH_BYTES[format]);
  const folder = join(dir, 'objects', 'pack');
  const name = join(folder, `pack-${sum.toString('hex')}`);
  const temporary = join(folder, `tmp_${sum.toString('hex')}`);
  const put = (ending: string, content: Buffer) => {
    writeFileSync(temporary + ending, content, { mode: 0o444 });
    renameSync(temporary + ending, name + ending);
  };
  put('.pack', pack);
  if (partial) writeFileSync(`${name}.promisor`, '');
  // Last, because it makes the pack visible.
  put('.idx', encodeIndex(objects, sum, format));
  return objects;
}

/**
 * Whether none of the objects that `specs` (`HASH`, `HASH:path`) begin with is in the repository in `dir`; false also where
 * that is for git to find out. Synchronous: by way of threads these few looks take ten times as long.
 */
export function isAbsent(dir: string, specs: readonly ObjectSpec[]): boolean {
  const hashes = [...new Set(specs.map((spec) => spec.split(':', 1)[0] ?? ''))];
  if (!hashes.every(isHash)) return false;
  const objects = join(dir, 'objects');
  if (!existsSync(objects)) return false;
  const folders = readdirSync(objects);
  if (!folders.includes('pack') || folders.some((name) => name !== 'pack' && name !== 'info')) return false;
  for (const name of readdirSync(join(objects, 'pack'))) {
    if (!name.endsWith('.idx')) continue;
    const file = join(objects, 'pack', name);
    if (statSync(file).size > MAX_INDEX) return false;
    const index = readRegularSync(file);
    if (hashes.some((hash) => lists(index, hash) !== false)) return false;
  }
  return true;
}
