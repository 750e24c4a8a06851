/**
 * Whether the entries of a module zip from elsewhere are what `go` unpacks (Go Modules Reference, "Module zip files";
 * package golang.org/x/mod/zip, CheckZip): below `module@version/`, with names that are good on every file system, no
 * go.mod but the one in the root, and within the limits of size.
 */
import { createCollisionChecker } from './file-collisions.js';
import { checkFilePath, isCleanPath } from './file-path.js';
import { escapeUnprintable, quote } from '../go-string.js';
import { createSizeChecker } from './zip-files.js';

/** Takes the name of an entry as it stands in the zip, and its size in bytes. Throws an Error that says what is wrong. */
export type ZipEntryChecker = (name: string, size: number) => void;

/** Starts with no entries of the zip of `module@version`. */
export function createZipEntryChecker(moduleAtVersion: string): ZipEntryChecker {
  const prefix = `${moduleAtVersion}/`;
  const sizes = createSizeChecker();
  const collision = createCollisionChecker();

  return (entry, size) => {
    if (!entry.startsWith(prefix)) throw new Error(`it holds ${escapeUnprintable(entry)}`);
    const isDirectory = entry.endsWith('/');
    const path = entry.slice(prefix.length, isDirectory ? -1 : undefined);
    if (path === '') return;
    const reason = nameReason(path) ?? (isDirectory ? undefined : (goModReason(path) ?? collision(path)));
    if (reason !== undefined) throw new Error(`${escapeUnprintable(path)}: ${reason}`);
    sizes.add(path, size);
  };
}

function nameReason(path: string): string | undefined {
  if (!isCleanPath(path)) return 'file path is not clean';
  const reason = checkFilePath(path);
  return reason === undefined ? undefined : `malformed file path ${quote(path)}: ${reason}`;
}

function goModReason(path: string): string | undefined {
  const base = path.slice(path.lastIndexOf('/') + 1);
  if (base.toLowerCase() !== 'go.mod') return undefined;
  if (base !== path) return 'go.mod file not in module root directory';
  return base === 'go.mod' ? undefined : 'go.mod files must have lowercase names';
}
