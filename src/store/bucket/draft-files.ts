/** Files on the local disk that are on their way into the bucket. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { storage } from '../storage-error.js';

/** The SHA-256 of a file. Throws STORAGE. */
export async function sha256Of(file: string): Promise<Buffer> {
  const hash = createHash('sha256');
  await storage(pipeline(createReadStream(file), hash));
  return hash.digest();
}
