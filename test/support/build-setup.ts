/** Once per test run: an up-to-date `dist/` for the tests that start the program as its users do. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Called by vitest before the first test file.
 *
 * tsc writes its output in spite of type errors, so the tests run on today's code either way; that types are right is
 * `npm run typecheck`'s business, not a reason to run no test.
 */
export function setup(): void {
  copyStaticFiles();
  if (Math.max(newest('src', '.ts'), newest('src', '.tsx')) <= newest('dist', '.js')) return;
  const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    cwd: PROJECT,
    encoding: 'utf8',
  });
  if (tsc.status !== 0) {
    writeSync(2, `\n*** tsc -p tsconfig.build.json found errors ***\n${tsc.stdout}${tsc.stderr}\n`);
  }
}

/** As `npm run build` does. */
function copyStaticFiles(): void {
  // With their times: a script that was copied now would make the rest of dist/ look new.
  const options = { recursive: true, preserveTimestamps: true };
  cpSync(path.join(PROJECT, 'src/web/static'), path.join(PROJECT, 'dist/web/static'), options);
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
