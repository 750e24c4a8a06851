/** The files of a bare repository below `<cache.dir>/vcs`, written and looked at without starting git. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ObjectFormat } from '../objects/object-format.js';

/** Attributes that make `git archive` independent of the host's wishes, as the go command sets them. */
const ATTRIBUTES = '\n* -export-subst -export-ignore\n';

/** The file whose presence says that the repository in `dir` is complete: it is written last. */
export function completionMark(dir: string): string {
  return join(dir, 'info', 'attributes');
}

/**
 * The directory through which a filtered repository is read. git writes into the configuration of such a repository that
 * missing objects can be fetched from the host, and before git 2.45 no variable keeps it from trying.
 */
export function readerOf(dir: string): string {
  return join(dir, 'reader');
}

/**
 * Makes what `git init --bare` makes (gitrepository-layout(5), and `extensions.objectFormat` in git-config(1)), without a
 * process. Whatever was in `dir` is removed.
 */
export async function initRepo(dir: string, format: ObjectFormat, filtered: boolean): Promise<void> {
  if (existsSync(dir)) await rm(dir, { recursive: true, force: true });
  // By way of threads these small steps take ten times as long. On a busy disk they take their time: others get their turn.
  mkdirSync(dirname(dir), { recursive: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  mkdirSync(join(dir, 'objects', 'pack'), { recursive: true });
  await nextTurn();
  mkdirSync(join(dir, 'info'));
  writeSkeleton(dir, format);
  await nextTurn();
  if (filtered) writeSkeleton(readerOf(dir), format);
  writeFileSync(completionMark(dir), ATTRIBUTES);
}

/** The files that make a directory with `objects` a repository. */
function writeSkeleton(dir: string, format: ObjectFormat): void {
  mkdirSync(join(dir, 'refs'), { recursive: true });
  const version = format === 'sha1' ? 0 : 1;
  const extensions = format === 'sha1' ? '' : `[extensions]\n\tobjectformat = ${format}\n`;
  const config = `[core]\n\trepositoryformatversion = ${version}\n\tfilemode = true\n\tbare = true\n${extensions}`;
  writeFileSync(join(dir, 'config'), config);
  writeFileSync(join(dir, 'HEAD'), 'ref: refs/heads/main\n');
}

/**
 * Removes what killed git processes left behind: packs received in part, which can be large, and lock files, which would
 * make every later fetch fail. Only the holder of the lock may do this: no other process uses them then.
 */
export async function removeLeftovers(dir: string): Promise<void> {
  const packs = join(dir, 'objects', 'pack');
  const [top, inPacks] = await Promise.all([dir, packs].map((path) => readdir(path).catch(() => [])));
  const left = [
    ...(top ?? []).filter((name) => name.endsWith('.lock')).map((name) => join(dir, name)),
    ...(inPacks ?? []).filter((name) => /^\.?tmp[_-]/.test(name)).map((name) => join(packs, name)),
  ];
  await Promise.all(left.map((path) => rm(path, { force: true })));
}

/**
 * How many bytes an object takes in the packs of `dir`, on average; 0 where there is none. From the sizes of files alone:
 * an index takes 28 bytes for an object with a hash of 20 (gitformat-pack(5)).
 */
export async function meanObjectBytes(dir: string): Promise<number> {
  const packs = join(dir, 'objects', 'pack');
  const names = await readdir(packs).catch(() => []);
  const total = { pack: 0, idx: 0 };
  for (const name of names) {
    const kind = /\.(pack|idx)$/.exec(name)?.[1];
    if (kind !== 'pack' && kind !== 'idx') continue;
    const size = (await stat(join(packs, name)).catch(() => undefined))?.size ?? 0;
    total[kind] += kind === 'idx' ? Math.max(0, size - EMPTY_INDEX_BYTES) : size;
  }
  return total.idx === 0 ? 0 : (total.pack / total.idx) * INDEX_BYTES_PER_OBJECT;
}

const EMPTY_INDEX_BYTES = 1072;
const INDEX_BYTES_PER_OBJECT = 28;

export async function packCount(dir: string): Promise<number> {
  const names = await readdir(join(dir, 'objects', 'pack')).catch(() => []);
  return names.filter((name) => name.endsWith('.pack')).length;
}
