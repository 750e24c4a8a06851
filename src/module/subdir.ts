/**
 * The directory of a module inside its repository, as the fourth field of a go-import tag gives it (Go 1.25 release
 * notes, "Go command"): relative, with slashes, never out of the repository and never beginning with a dash.
 */
import { posix } from 'node:path';
import { checkElements } from './path-element.js';

/** Why `text` cannot be the directory; undefined if it can. Empty means the root. */
export function checkDirectory(text: string): string | undefined {
  if (text.startsWith('/')) return 'it begins with a slash';
  if (/\s/.test(text)) return 'it holds a space, which separates the fields of a go-import tag';
  const directory = cleanDirectory(text);
  if (directory.startsWith('-') || text.startsWith('-')) return 'it begins with a dash';
  if (directory === '..' || directory.startsWith('../')) return 'it leads out of the repository';
  return directory === '' ? undefined : checkElements(directory, 'file');
}

/** `./a//b/../c/` → `a/c`, `.` → the empty string. */
export function cleanDirectory(text: string): string {
  const directory = posix.normalize(text).replace(/\/+$/, '');
  return directory === '.' ? '' : directory;
}
