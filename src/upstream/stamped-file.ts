/** Small files that say when what they hold was asked for: their modification time. A reader sees a whole one or none. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface Stamped {
  bytes: Buffer;
  /** Milliseconds since 1970. */
  askedAt: number;
}

/** Undefined if there is none, or none that can be read: then it is asked for again. */
export async function readStamped(path: string): Promise<Stamped | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      return { bytes: await file.readFile(), askedAt: (await file.stat()).mtimeMs };
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** Throws what the file system throws. */
export async function replaceFile(path: string, { bytes, askedAt }: Stamped): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.tmp-${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(temporary, bytes, { flag: 'wx', flush: true });
    await utimes(temporary, askedAt / 1000, askedAt / 1000);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
