/**
 * Files that say nothing. Editors empty a file before they write it, so that a file which said something and now says
 * nothing must not take everything away: a person who means that has to write it.
 */
import type { ModhavenError } from '../errors.js';
import { problemsError } from './problems.js';

/** Whether a YAML file holds only blank lines, comments and marks of documents. */
export function saysNothing(text: string): boolean {
  return text.split('\n').every((line) => /^\uFEFF?(?:---|\.\.\.)?\s*(?:#[^\n]*)?$/.test(line));
}

/** The error for a file that said something before; `what`: `no rules`, `none`: what to write to have none. */
export function emptiedFile(file: string, what: string, none: string): ModhavenError {
  const message = `the file holds ${what}, only comments or nothing at all; write ${JSON.stringify(none)} to have none`;
  return problemsError(file, [{ line: 1, column: 1, message }]);
}
