/** Once per test run: an up-to-date `build/` and `dist/`, for the tests that start the program as its users do. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Called by vitest before the first test file.
 *
 * The build writes its output in spite of type errors, so the tests run on today's code either way; that types are right
 * is `npm run typecheck`'s business, not a reason to run no test.
 */
export function setup(): void {
  const sources = Math.max(newest('src', ''), statSync(path.join(PROJECT, 'scripts/build.js')).mtimeMs);
  if (sources <= newest('dist', '.js')) return;
  const build = spawnSync(process.execPath, ['scripts/build.js'], { cwd: PROJECT, encoding: 'utf8' });
  if (build.status !== 0) writeSync(2, `\n*** the build found errors ***\n${build.stdout}${build.stderr}\n`);
}

/** When the most recently changed file of `dir` with this ending was changed; 0 when there is none. */
function newest(dir: string, ending: string): number {
  let time = 0;
  const root = path.join(PROJECT, dir);
  if (!existsSync(root)) return 0;
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith(ending)) time = Math.max(time, statSync(path.join(root, name)).mtimeMs);
  }
  return time;
}
