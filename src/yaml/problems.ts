/** What is wrong with a configuration file, and where: `FILE:LINE:COL: sentence`. */
import { ModhavenError } from '../errors.js';

/** A place in a file, counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Where something stands in the data: keys and list indexes from the root. */
export type DataPath = readonly PropertyKey[];

/** Whether a value of the data is a map of keys. */
export function isDataMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One thing that is wrong, or worth a warning. `message` is one sentence without the position. */
export interface Problem extends Position {
  message: string;
}

/** Problems that one error lists. A file of garbage has as many as lines; more than these are of no use. */
const MAX_PROBLEMS = 100;

/** `problems` as one CONFIG error: `FILE:LINE:COL: sentence`, one a line, in the order of the file. */
export function problemsError(file: string, problems: readonly Problem[]): ModhavenError {
  const ordered = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = ordered.slice(0, MAX_PROBLEMS).map((problem) => formatProblem(file, problem));
  const last = ordered[MAX_PROBLEMS];
  if (last !== undefined) {
    lines.push(formatProblem(file, { ...last, message: `${ordered.length - MAX_PROBLEMS} more problems` }));
  }
  return new ModhavenError('CONFIG', lines.join('\n'));
}

/** `FILE:LINE:COL: sentence` */
export function formatProblem(file: string, { line, column, message }: Problem): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** The sentence a thrown ModhavenError makes in the middle of a problem: what, why, what to do. */
export function explain(error: ModhavenError): string {
  const why = error.reason === undefined ? '' : `: ${error.reason}`;
  const remedy = error.remedy === undefined ? '' : `; ${error.remedy}`;
  return `${error.message}${why}${remedy}`;
}
