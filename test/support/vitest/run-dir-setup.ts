/** Once per test run: one directory for everything temporary, removed after the last test. Both projects share it. */
import { makeRunDir, removeTree, RUN_DIR_VARIABLE } from '../tmp.js';

/** Called by vitest before the first test file of a project; what it returns is called after the last. */
export function setup(): (() => void) | undefined {
  if (process.env[RUN_DIR_VARIABLE] !== undefined) return undefined;
  const dir = makeRunDir();
  return () => removeTree(dir);
}
