/**
 * The recorded truth: `recorded/THEME.json`, one entry a case, with the go and git versions it came from.
 * `npm run conformance:record` writes it; nothing else does.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CaseTruth } from './types.js';

/** The recorded truth about a case; undefined when it was never recorded. */
export function readRecording(theme: string, name: string): CaseTruth | undefined {
  return readTheme(theme)[name];
}

/** Records the truth about a case, next to those of the same theme. */
export function writeRecording(theme: string, name: string, truth: CaseTruth): void {
  // Read and written in one turn of the event loop, so that cases that run side by side do not undo each other.
  const all = { ...readTheme(theme), [name]: truth };
  writeFileSync(fileOf(theme), `${JSON.stringify(sorted(all), null, 2)}\n`);
}

function readTheme(theme: string): Record<string, CaseTruth> {
  const file = fileOf(theme);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, CaseTruth>) : {};
}

function fileOf(theme: string): string {
  return fileURLToPath(new URL(`recorded/${theme}.json`, import.meta.url));
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
