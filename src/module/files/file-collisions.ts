/**
 * No two names of a module zip may be one on a file system that ignores case, directories included, and no name may
 * be both a file and a directory (Go Modules Reference, "File path and size constraints"; package
 * golang.org/x/mod/zip, collisionChecker).
 */

import { randomInt } from 'node:crypto';
import { foldPath } from './file-path.js';
import { quote } from '../go-string.js';

/** Adds a file; returns why it collides with those before it, in the go command's words, or undefined. */
export type CollisionChecker = (path: string) => string | undefined;

/** Starts with no files. */
export function createCollisionChecker(): CollisionChecker {
  // Of a million files most are in lower case and fold to themselves: a set of them needs the least memory.
  const foldedFiles = new Set<string>();
  /** Other files, and directories, by what they fold to. */
  const filePaths = new Map<string, string>();
  const directoryPaths = new Map<string, string>();
  // Entries never change, so what was found for a directory once holds for all its files.
  const directories = new Map<string, string | undefined>();

  return (path) => checkEntry(path, false) ?? checkParent(path);

  function checkEntry(path: string, isDirectory: boolean): string | undefined {
    const folded = foldPath(path);
    const file = foldedFiles.has(folded) ? folded : filePaths.get(folded);
    const other = file ?? directoryPaths.get(folded);
    if (other === undefined) {
      if (isDirectory) directoryPaths.set(folded, path);
      else if (folded === path) foldedFiles.add(path);
      else filePaths.set(folded, path);
      return undefined;
    }
    if (other !== path) {
      return `case-insensitive file name collision: ${quote(other)} and ${quote(path)}`;
    }
    if ((file === undefined) !== isDirectory) {
      return `entry ${quote(path)} is both a file and a directory`;
    }
    return isDirectory ? undefined : `multiple entries for file ${quote(path)}`;
  }

  function checkParent(path: string): string | undefined {
    const slash = path.lastIndexOf('/');
    if (slash === -1) {
      return undefined;
    }
    const parent = path.slice(0, slash);
    if (!directories.has(parent)) {
      directories.set(parent, checkEntry(parent, true) ?? checkParent(parent));
    }
    return directories.get(parent);
  }
}

/**
 * Says for certain of most files that they collide with none before them, in a tenth of the memory: of each name it keeps
 * 53 bits. Files are expected directory by directory, as trees list them.
 */
export class CollisionSieve {
  readonly #names = new NumberSet();
  readonly #seed = randomInt(2 ** 32);
  /** The directories that the last file is in, from the outermost. */
  #directories: string[] = [];

  /** Adds a file; whether it may collide with one of those before it. */
  mayCollide(path: string): boolean {
    const directories: string[] = [];
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      directories.push(path.slice(0, slash));
    }
    const entered = directories.filter((directory, depth) => this.#directories[depth] !== directory);
    this.#directories = directories;
    return ![...entered, path].every((name) => this.#names.add(hashText(foldPath(name), this.#seed)));
  }
}

/** A set of whole numbers from 0 to 2^53 - 1, with eight to sixteen bytes for each. */
class NumberSet {
  #slots = new Float64Array(1_024).fill(-1);
  #size = 0;

  /** False if it is there already. */
  add(value: number): boolean {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const at = this.#slotOf(value);
    if (this.#slots[at] === value) return false;
    this.#slots[at] = value;
    this.#size += 1;
    return true;
  }

  /** Where `value` is, or would be. */
  #slotOf(value: number): number {
    const slots = this.#slots;
    let at = value % slots.length;
    while (slots[at] !== -1 && slots[at] !== value) at = (at + 1) % slots.length;
    return at;
  }

  #grow(): void {
    const values = this.#slots;
    this.#slots = new Float64Array(values.length * 2).fill(-1);
    for (const value of values) if (value !== -1) this.#slots[this.#slotOf(value)] = value;
  }
}

/** 53 bits of two multiplicative hashes. Names that share them cost a second look, and nothing else. */
function hashText(text: string, seed: number): number {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2_654_435_761);
    low = Math.imul(low ^ unit, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return (low >>> 0) + (high >>> 11) * 2 ** 32;
}
