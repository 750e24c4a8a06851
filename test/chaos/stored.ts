/** What lies below `cache.dir` after a process was killed. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { absentAsUndefined } from '../../src/fs/file-errors.js';
import { PARTS, problemOf } from './answers.js';
import type { Truth } from './world.js';

/** Every file of `versions` that a reader could see and that is not whole. */
export async function storedProblems(cacheDir: string, versions: readonly Truth[]): Promise<string[]> {
  const problems: string[] = [];
  for (const truth of versions) {
    const start = path.join(cacheDir, 'download', truth.module, '@v', truth.version);
    for (const part of PARTS) {
      const bytes = await contentOf(`${start}.${part}`);
      const problem = bytes === undefined ? undefined : await problemOf(truth, part, bytes);
      if (problem !== undefined) problems.push(`${start}.${part}: ${problem}`);
    }
    // A zip beside it has been compared with the same hash.
    const hash = await contentOf(`${start}.ziphash`);
    if (hash !== undefined && hash.toString() !== truth.hash) {
      problems.push(`${start}.ziphash: it says ${hash.toString()}, not ${truth.hash}`);
    }
    if (hash === undefined && existsSync(`${start}.zip`)) {
      problems.push(`${start}.zip: no .ziphash is beside it`);
    }
  }
  return problems;
}

/** Names of unfinished files and folders whose process, which they name, is gone. */
export async function leftovers(cacheDir: string): Promise<string[]> {
  const names = await readdir(cacheDir, { recursive: true }).catch(() => []);
  return names.filter((name) => {
    const [, pid] = /(?:^\.tmp-|^upstream-|\.discarded-)(\d+)-/.exec(path.basename(name)) ?? [];
    return pid !== undefined && !isRunning(Number(pid));
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function contentOf(file: string): Promise<Buffer | undefined> {
  return absentAsUndefined(readFile(file));
}
