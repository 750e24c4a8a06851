/** Files on the local disk that are on their way into the bucket. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { storage } from '../storage-error.js';

/** The SHA-256 of a file. Throws STORAGE. */
export async function sha256Of(file: string): Promise<Buffer> {
  const hash = createHash('sha256');
  await storage(pipeline(createReadStream(file), hash));
  return hash.digest();
}

/** Has `write` write the new file `path`. Failures of the file itself are STORAGE errors. */
export async function writeFileThrough(
  path: string,
  write: (sink: Writable) => Promise<void>,
): Promise<void> {
  const sink = createWriteStream(path, { flags: 'wx' });
  const closed = storage(finished(sink));
  closed.catch(() => undefined); // also awaited below
  try {
    const writing = write(sink);
    await Promise.race([writing, closed]);
    await writing; // a writer that ends the sink itself may still have something to say
    sink.end();
    await closed;
  } finally {
    sink.destroy();
    if (!sink.closed) await new Promise<void>((resolve) => sink.once('close', resolve));
  }
}
