/**
 * What `history.git` is known to hold: noted in its file `modhaven-refs` once all of it has come in, and compared before its
 * answers are believed. git passes in silence over a pack whose index it cannot open, over a ref whose file is gone, and over an
 * object whose entry in an index has lost a bit: what it does not find then would be told as a fact about the host.
 *
 *     <fingerprint of the refs that lead to all of it, or ->
 *     <bytes> <SHA-256> packed-refs
 *     <bytes> <SHA-256> objects/pack/pack-….pack
 *     end
 *
 * A file is read when it is compared for the first time after the start, and again when it is another one: that is remembered
 * by inode, size and time.
 */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { replaceFile } from '../../fs/durable-file.js';
import { absentAsUndefined, hasCode } from '../../fs/file-errors.js';
import { openRegular, readRegularText, streamRegular } from '../../fs/regular-file.js';
import { isHash, type ObjectHash } from '../names/object-name.js';
import { listedRef, type Refs } from '../objects/refs.js';

export interface HistoryNote {
  /** `refsFingerprint` of the refs that lead to all that is here; undefined where that is not known. */
  refs: string | undefined;
  /** The files that hold it. */
  files: ReadonlyMap<string, NotedFile>;
}

export interface NotedFile {
  /** In bytes. */
  size: number;
  /** In hex. */
  sha256: string;
}

/** What is known of files that were read: their sum, and what tells them from others of their name. */
const known = new LRUCache<string, { stamp: string; sha256: string }>({ max: 10_000 });

/** Bytes that are summed in one turn. */
const PIECE = 256 * 1024;

const NOTE = 'modhaven-refs';
const PACKED_REFS = 'packed-refs';
const PACKS = 'objects/pack';

/** The note in the repository `dir`; undefined where there is none, or only a part of one. */
export async function readHistoryNote(dir: string): Promise<HistoryNote | undefined> {
  const text = await absentAsUndefined(readRegularText(join(dir, NOTE)));
  const [, refs, lines] =
    /^([0-9a-f]{64}|-)\n((?:\d+ [0-9a-f]{64} [\w./-]+\n)*)end\n$/.exec(text ?? '') ?? [];
  if (refs === undefined || lines === undefined) return undefined;
  const files = [...lines.matchAll(/^(\d+) (\S+) (.*)$/gm)].map(
    ([, size, sha256 = '', name = '']) => [name, { size: Number(size), sha256 }] as const,
  );
  return { refs: refs === '-' ? undefined : refs, files: new Map(files) };
}

/** Notes the files that the repository `dir` has now. Throws what the file system throws. */
export async function writeHistoryNote(dir: string, refs: string | undefined): Promise<void> {
  const packs = (await readdir(join(dir, PACKS))).filter((name) => /\.(?:pack|idx)$/.test(name));
  let lines = '';
  for (const name of [PACKED_REFS, ...packs.map((pack) => `${PACKS}/${pack}`)]) {
    const file = await absentAsUndefined(readSum(join(dir, name)));
    if (file !== undefined) lines += `${file.size} ${file.sha256} ${name}\n`;
  }
  await replaceFile(join(dir, NOTE), `${refs ?? '-'}\n${lines}end\n`, { isFlushed: false });
}

/**
 * Whether the repository `dir` still has, and lets us open, the files that `note` names. Throws what the file system throws,
 * but for what says that a file is not there.
 */
export async function isAsNoted(dir: string, { files }: HistoryNote): Promise<boolean> {
  for (const [name, { size, sha256 }] of files) {
    try {
      const now = await readSum(join(dir, name), size);
      if (now.size !== size || now.sha256 !== sha256) return false;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EFTYPE')) return false;
      throw error;
    }
  }
  return true;
}

/** The size and the sum of a file, which is read if it is not known; one of another size than `size` is not. */
async function readSum(path: string, size?: number): Promise<NotedFile> {
  const { handle, stats } = await openRegular(path);
  await handle.close();
  if (size !== undefined && stats.size !== size) return { size: stats.size, sha256: '' };
  const stamp = stampOf(stats);
  const before = known.get(path);
  if (before?.stamp === stamp) return { size: stats.size, sha256: before.sha256 };
  const hash = createHash('sha256');
  for await (const piece of streamRegular(path, { highWaterMark: PIECE })) hash.update(piece as Buffer);
  const sha256 = hash.digest('hex');
  known.set(path, { stamp, sha256 });
  return { size: stats.size, sha256 };
}

/** Tells a file from others of its name. */
function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

/** The branches and tags in `packed-refs` of the repository `dir`, annotated tags peeled (git-pack-refs(1)). */
export async function packedRefs(dir: string): Promise<Refs> {
  const text = (await absentAsUndefined(readRegularText(join(dir, PACKED_REFS)))) ?? '';
  const refs = new Map<NonNullable<ReturnType<typeof listedRef>>, ObjectHash>();
  let last: ReturnType<typeof listedRef>;
  for (const line of text.split('\n')) {
    const [hash = '', name = ''] = line.replace(/^\^/, '').split(' ');
    if (!isHash(hash)) continue;
    if (!line.startsWith('^')) last = listedRef(name);
    if (last !== undefined) refs.set(last, hash);
  }
  return refs;
}
