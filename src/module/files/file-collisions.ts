/**
 * No two names of a module zip may be one on a file system that ignores case, directories included, and no name may
 * be both a file and a directory (Go Modules Reference, "File path and size constraints"; package
 * golang.org/x/mod/zip, collisionChecker).
 */

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
