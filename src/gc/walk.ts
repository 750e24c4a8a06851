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

/** Bytes of each file and folder directly in `dir`, by name. */
export async function measureEach(dir: string): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for await (const { path, bytes } of walk(dir)) {
    const [name = ''] = relative(dir, path).split(sep, 1);
    sums.set(name, (sums.get(name) ?? 0) + bytes);
  }
  return sums;
}
