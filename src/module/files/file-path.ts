/**
 * Names of files in a module zip (Go Modules Reference, "File path and size constraints"; package
 * golang.org/x/mod/module, CheckFilePath, and package strings, EqualFold):
 *
 * - The elements follow `path-element.ts`.
 * - Two names collide if they are equal under simple case folding: each character folds to one character, so `K`,
 *   `k` and the Kelvin sign are equal, but `ß` and `ss` are not.
 */

import { checkElements } from '../path-element.js';

// eslint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/;
/** An empty, `.` or `..` element. */
const DOTS_OR_NOTHING = /(?:^|\/)\.{0,2}(?:\/|$)/;

const foldedChars = new Map<string, string>();

/** Why `path` cannot be the name of a file in a module, as the go command says it; undefined if it can. */
export function checkFilePath(path: string): string | undefined {
  return checkElements(path, 'file');
}

/** Whether `path` is as short as it can be: no empty, `.` or inner `..` elements (Go's path.Clean changes nothing). */
export function isCleanPath(path: string): boolean {
  if (path === '.' || path === '/') {
    return true;
  }
  const isRooted = path.startsWith('/');
  const inner = isRooted ? path.slice(1) : path.replace(/^(?:\.\.\/)+/, '');
  return inner === '..' ? !isRooted : !DOTS_OR_NOTHING.test(inner);
}

/** A text that two paths share if and only if they are equal under simple case folding. */
export function foldPath(path: string): string {
  return ASCII.test(path) ? path.toLowerCase() : Array.from(path, foldChar).join('');
}

function foldChar(char: string): string {
  let folded = foldedChars.get(char);
  if (folded === undefined) {
    // Lower case alone leaves variants apart that share an upper case: the two small sigmas, long s and s.
    const lower = foldStep(char, char.toLowerCase());
    folded = foldStep(lower, lower.toUpperCase().toLowerCase());
    foldedChars.set(char, folded);
  }
  return folded;
}

/** `candidate`, unless it is not a simple folding: several characters (`ß`, `İ`), or of another class (`ı`). */
function foldStep(char: string, candidate: string): string {
  if (candidate === char || Array.from(candidate).length !== 1) {
    return char;
  }
  return isSameFold(char, candidate) ? candidate : char;
}

/** Whether two characters are one under `u`-mode case-insensitive matching, which is simple case folding. */
function isSameFold(a: string, b: string): boolean {
  const hex = (a.codePointAt(0) ?? 0).toString(16);
  return new RegExp(`^\\u{${hex}}$`, 'iu').test(b);
}
