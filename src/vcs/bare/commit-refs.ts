/**
 * What a bare repository of ours notes of the commits that were fetched into it one by one: a ref for each, and which of
 * them are without their parents.
 */
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../fs/file-errors.js';
import { isHash, type ObjectHash } from '../names/object-name.js';
import { commitRef } from '../names/ref-name.js';

/** The commits that were fetched one by one. */
export async function referencedCommits(dir: string): Promise<ObjectHash[]> {
  const names = await readdir(join(dir, 'refs', 'modhaven')).catch((): string[] => []);
  return names.filter(isHash);
}

/** The commits whose parents are not there (gitrepository-layout(5)). */
export async function shallowCommits(dir: string): Promise<ObjectHash[]> {
  const text = await readFile(join(dir, 'shallow'), 'utf8').catch(() => '');
  return text.split('\n').filter(isHash);
}

/** Notes that the repository in `dir` has `commits`, and that those of `cut` are without their parents. */
export async function writeCommitRefs(
  dir: string,
  commits: readonly ObjectHash[],
  cut: readonly ObjectHash[],
): Promise<void> {
  const before = await shallowCommits(dir);
  const after = new Set([...before, ...cut]);
  const lines = [...after].map((hash) => `${hash}\n`).join('');
  if (after.size > before.length) await replace(join(dir, 'shallow'), lines);
  for (const commit of commits) await writeRef(dir, commit);
}

async function writeRef(dir: string, commit: ObjectHash): Promise<void> {
  // It never moves, so neither pruning nor repacking loses what was served.
  const ref = join(dir, commitRef(commit));
  await replace(ref, `${commit}\n`).catch(async (error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
    await mkdir(join(dir, 'refs', 'modhaven'), { recursive: true });
    await replace(ref, `${commit}\n`);
  });
}

/** As git replaces files: under a name that makes other writers wait, and whole or not at all. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(file + LOCK, text);
  await rename(file + LOCK, file);
}

const LOCK = '.lock';
