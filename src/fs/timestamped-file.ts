/** Writes small files that say when what they hold was asked for: their modification time. A reader sees a whole one or none. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from './durable-file.js';

interface Timestamped {
  bytes: Buffer;
  /** Milliseconds since 1970. */
  askedAt: number;
}

/** Throws what the file system throws. */
export async function writeTimestamped(path: string, { bytes, askedAt }: Timestamped): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, bytes, { modifiedAt: askedAt });
}
