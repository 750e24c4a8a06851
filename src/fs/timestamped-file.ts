/** Writes small files that say when what they hold was asked for: their modification time. A reader sees a whole one or none. */
import { dirname } from 'node:path';
import { replaceFile } from './durable-file.js';
import { makeFolder } from './make-folder.js';

interface Timestamped {
  bytes: Buffer;
  /** Milliseconds since 1970. */
  askedAt: number;
}

/** Throws what the file system throws. */
export async function writeTimestamped(path: string, { bytes, askedAt }: Timestamped): Promise<void> {
  await makeFolder(dirname(path));
  await replaceFile(path, bytes, { modifiedAt: askedAt });
}
