/** Walks over folders that change meanwhile. */
import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

export interface FoundFile {
  path: string;
  isDirectory: boolean;
  bytes: number;
  /** Milliseconds since 1970. */
  modifiedAt: number;
}

/** All that lies below `dir`, a folder before what is in it; `skips` says into which folders not to go. */
export async function* walk(
  dir: string,
  skips: (found: FoundFile) => boolean = () => false,
): AsyncGenerator<FoundFile> {
  for (const name of await readdir(dir).catch(() => [])) {
    const path = join(dir, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined) continue; // removed meanwhile
    const isDirectory = stats.isDirectory();
    const found = { path, isDirectory, bytes: isDirectory ? 0 : stats.size, modifiedAt: stats.mtimeMs };
    yield found;
    if (isDirectory && !skips(found)) yield* walk(path, skips);
  }
}

/** Bytes of the files below `dir`, and the newest time of anything there. */
export async function measure(dir: string): Promise<{ bytes: number; modifiedAt: number }> {
  let [bytes, modifiedAt] = [0, 0];
  for await (const found of walk(dir)) {
    bytes += found.bytes;
    modifiedAt = Math.max(modifiedAt, found.modifiedAt);
  }
  return { bytes, modifiedAt };
}

/** Bytes of each file and folder directly in `dir`, by name. `onProgress` is told of the files and folders in those. */
export async function measureEach(
  dir: string,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Map<string, number>> {
  const parts: FoundFile[] = [];
  for await (const found of walk(dir, ({ path }) => relative(dir, path).includes(sep))) parts.push(found);
  const sums = new Map<string, number>();
  for (const [i, { path, isDirectory, bytes }] of parts.entries()) {
    const [name = '', isBelow] = relative(dir, path).split(sep, 2);
    const inside = isDirectory && isBelow !== undefined ? (await measure(path)).bytes : bytes;
    sums.set(name, (sums.get(name) ?? 0) + inside);
    onProgress(i + 1, parts.length);
  }
  return sums;
}
