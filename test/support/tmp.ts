/**
 * Temporary directories of a test run.
 *
 * All of them lie below one directory that run-dir-setup.ts makes and removes, so nothing is left behind however a
 * test ends. Outside of vitest (a benchmark, a script) that directory is made on first use and removed at exit.
 */
import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The variable in which run-dir-setup.ts hands the directory of the run to the test workers. */
export const RUN_DIR_VARIABLE = 'MODHAVEN_TEST_TMP';

/** A new empty directory, absolute, removed after the test run. */
export async function tempDir(prefix: string): Promise<string> {
  return mkdtemp(path.join(runDir(), `${prefix}-`));
}

/** The directory of this test run. */
export function runDir(): string {
  const given = process.env[RUN_DIR_VARIABLE];
  if (given !== undefined) return given;
  const own = makeRunDir();
  process.once('exit', () => removeTree(own));
  return own;
}

/** Makes the directory of a test run and announces it to child processes; the caller removes it. */
export function makeRunDir(): string {
  // Short, because unix sockets below it may not exceed 107 bytes.
  const dir = mkdtempSync(path.join(tmpdir(), 'mh-'));
  process.env[RUN_DIR_VARIABLE] = dir;
  return dir;
}

/** Removes a tree, also one with read-only directories (a Go module cache); a missing one is fine. */
export function removeTree(dir: string): void {
  // As root no chmod is needed; without, an unlink needs a writable directory.
  if (process.getuid?.() !== 0) makeWritable(dir);
  rmSync(dir, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
}

function makeWritable(dir: string): void {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return;
  chmodSync(dir, 0o700);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(path.join(dir, entry.name));
  }
}
