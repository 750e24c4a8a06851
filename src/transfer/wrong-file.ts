/** The error for a mistake in a file that names versions, with its place in the form that editors open. */
import { ModhavenError } from '../errors.js';

export interface Place {
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
}

/** The CONFIG error for a mistake at `place`. */
export function wrongFile({ file, line, column }: Place, problem: string): ModhavenError {
  return new ModhavenError('CONFIG', `${file}:${line}:${column}: ${problem}`);
}
