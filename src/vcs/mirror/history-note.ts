/**
 * What `history.git` is known to hold: noted in its file `modhaven-refs` once all of it has come in, and compared before its
 * answers are believed. git passes in silence over a pack whose index it cannot open, and over a ref whose file is gone: what it
 * does not find then would be told as a fact about the host.
 *
 *     <fingerprint of the refs that lead to all of it, or ->
 *     <bytes> packed-refs
 *     <bytes> objects/pack/pack-….pack
 *     end
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../fs/durable-file.js';
import { absentAsUndefined, hasCode } from '../../fs/file-errors.js';
import { openRegular, readRegularText } from '../../fs/regular-file.js';
import { isHash, type ObjectHash } from '../names/object-name.js';
import { listedRef, type Refs } from '../objects/refs.js';

export interface HistoryNote {
  /** `refsFingerprint` of the refs that lead to all that is here; undefined where that is not known. */
  refs: string | undefined;
  /** The files that hold it, and their sizes in bytes. */
  files: ReadonlyMap<string, number>;
}

const NOTE = 'modhaven-refs';
const PACKED_REFS = 'packed-refs';
const PACKS = 'objects/pack';

/** The note in the repository `dir`; undefined where there is none, or only a part of one. */
export async function readHistoryNote(dir: string): Promise<HistoryNote | undefined> {
  const text = await absentAsUndefined(readRegularText(join(dir, NOTE)));
  const [, refs, lines] = /^([0-9a-f]{64}|-)\n((?:\d+ [\w./-]+\n)*)end\n$/.exec(text ?? '') ?? [];
  if (refs === undefined || lines === undefined) return undefined;
  const files = [...lines.matchAll(/^(\d+) (.*)$/gm)].map(
    ([, size, name = '']) => [name, Number(size)] as const,
  );
  return { refs: refs === '-' ? undefined : refs, files: new Map(files) };
}

/** Notes the files that the repository `dir` has now. Throws what the file system throws. */
export async function writeHistoryNote(dir: string, refs: string | undefined): Promise<void> {
  const packs = (await readdir(join(dir, PACKS))).filter((name) => /\.(?:pack|idx)$/.test(name));
  let lines = '';
  for (const name of [PACKED_REFS, ...packs.map((pack) => `${PACKS}/${pack}`)]) {
    const stats = await absentAsUndefined(stat(join(dir, name)));
    if (stats !== undefined) lines += `${stats.size} ${name}\n`;
  }
  await replaceFile(join(dir, NOTE), `${refs ?? '-'}\n${lines}end\n`, { isFlushed: false });
}

/**
 * Whether the repository `dir` still has, and lets us open, the files that `note` names. Throws what the file system throws,
 * but for what says that a file is not there.
 */
export async function isAsNoted(dir: string, { files }: HistoryNote): Promise<boolean> {
  for (const [name, size] of files) {
    try {
      const { handle, stats } = await openRegular(join(dir, name));
      await handle.close();
      if (stats.size !== size) return false;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EFTYPE')) return false;
      throw error;
    }
  }
  return true;
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
