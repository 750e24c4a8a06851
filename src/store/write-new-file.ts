/** Files that somebody else writes, through a stream. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { isSystemError, storage, storageError } from './storage-error.js';

export interface NewFileOptions {
  /** Whether it is flushed before it is closed. Default: no. */
  flush?: boolean;
  /** Bytes that may wait to be written. Default: that of Node. */
  highWaterMark?: number;
}

/**
 * Has `write` write the new file `path`, which is closed when this ends, however it ends. Failures of the file itself are
 * STORAGE errors; those of `write` stay as they are.
 */
export async function writeNewFile(
  path: string,
  write: (sink: Writable) => Promise<void>,
  options: NewFileOptions = {},
): Promise<void> {
  const sink = createWriteStream(path, { flags: 'wx', ...options });
  const closed = once(sink, 'close').then(() => {
    if (sink.errored !== null) throw sink.errored;
    if (!sink.writableFinished) throw new Error('the file was closed before its end');
  });
  closed.catch(() => undefined); // also awaited below
  try {
    const writing = write(sink);
    await Promise.race([writing, closed]);
    await writing; // a writer that ends the sink itself may still have something to say
    sink.end();
    await storage(closed);
  } catch (error) {
    throw error === sink.errored && isSystemError(error) ? storageError(error) : error;
  } finally {
    sink.destroy();
    // Not before it is closed: a file that is still being opened would appear afterwards.
    if (!sink.closed) await new Promise<void>((resolve) => sink.once('close', resolve));
  }
}
