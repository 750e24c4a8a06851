/**
 * What a bare repository of ours notes of the commits that were fetched into it one by one: a ref for each, and which of
 * them are without their parents. Read and written synchronously: by way of threads these small files take ten times as long.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../../fs/file-errors.js';
import { readRegularSync } from '../../fs/regular-file.js';
import { isHash, type ObjectHash } from '../names/object-name.js';
import { commitRef } from '../names/ref-name.js';

/** The commits that were fetched one by one. */
export function referencedCommits(dir: string): ObjectHash[] {
  const folder = join(dir, 'refs', 'modhaven');
  const loose = existsSync(folder) ? readdirSync(folder) : [];
  return [...new Set([...loose.filter(isHash), ...commitsIn(textOf(join(dir, PACKED)))])];
}

/** The commits whose parents are not there (gitrepository-layout(5)). */
export function shallowCommits(dir: string): ObjectHash[] {
  return hashesIn(textOf(join(dir, SHALLOW)));
}

/** Notes that the repository in `dir` has `commits`, and that those of `cut` are without their parents. */
export function writeCommitRefs(
  dir: string,
  commits: readonly ObjectHash[],
  cut: readonly ObjectHash[],
): void {
  const before = shallowCommits(dir);
  const after = new Set([...before, ...cut]);
  if (after.size > before.length) {
    replace(join(dir, SHALLOW), [...after].map((hash) => `${hash}\n`).join(''));
  }
  // They never move, so neither pruning nor repacking loses what was served.
  if (commits.length > 1) writePackedRefs(dir, commits);
  else for (const commit of commits) writeRef(dir, commit);
}

/** Many refs are one file (git-pack-refs(1)), which has to be written as a whole. */
function writePackedRefs(dir: string, commits: readonly ObjectHash[]): void {
  const file = join(dir, PACKED);
  const text = textOf(file);
  const known = new Set(commitsIn(text));
  const lines = commits.filter((hash) => !known.has(hash)).map((hash) => `${hash} ${commitRef(hash)}\n`);
  // A header may say that the lines are in order; what git finds out itself need not be said.
  const others = text.replace(/^#.*\n/gm, '');
  if (lines.length > 0) replace(file, others + lines.join(''));
}

function writeRef(dir: string, commit: ObjectHash): void {
  const ref = join(dir, commitRef(commit));
  try {
    replace(ref, `${commit}\n`);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    mkdirSync(join(dir, 'refs', 'modhaven'), { recursive: true });
    replace(ref, `${commit}\n`);
  }
}

/** As git replaces files: under a name that makes other writers wait, and whole or not at all. */
function replace(file: string, text: string): void {
  writeFileSync(file + LOCK, text);
  renameSync(file + LOCK, file);
}

function hashesIn(text: string): ObjectHash[] {
  return text.split('\n').filter(isHash);
}

/** Of the lines of `packed-refs`. */
function commitsIn(text: string): ObjectHash[] {
  const names = [...text.matchAll(/^[0-9a-f]+ refs\/modhaven\/([0-9a-f]+)$/gm)];
  return names.map(([, hash = '']) => hash).filter(isHash);
}

/** Empty where there is no such file. */
function textOf(file: string): string {
  return existsSync(file) ? readRegularSync(file).toString('utf8') : '';
}

const SHALLOW = 'shallow';
const PACKED = 'packed-refs';
const LOCK = '.lock';
