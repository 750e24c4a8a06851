/** Small files that say when what they hold was asked for: their modification time. A reader sees a whole one or none. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from './durable-file.js';

export interface Timestamped {
  bytes: Buffer;
  /** Milliseconds since 1970. */
  askedAt: number;
}

/** Undefined if there is none, or none that can be read: then it is asked for again. */
export async function readTimestamped(path: string): Promise<Timestamped | undefined> {
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
export async function writeTimestamped(path: string, { bytes, askedAt }: Timestamped): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, bytes, { modifiedAt: askedAt });
}
