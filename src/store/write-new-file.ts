/** Files that somebody else writes, through a stream. */
import { once } from 'node:events';
import { createWriteStream, open as openFile } from 'node:fs';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { inFolder } from '../fs/empty-folders.js';
import { isSystemError, storage, storageError } from './storage-error.js';

export interface NewFileOptions {
  /** Whether it is flushed before it is closed. Default: no. */
  flush?: boolean;
  /** Bytes that may wait to be written. Default: that of Node. */
  highWaterMark?: number;
  /** Whether its folder is made, too. Default: no. */
  makesFolder?: boolean;
}

const open = promisify(openFile);

/**
 * Has `write` write the new file `path`, which is closed when this ends, however it ends. Failures of the file itself are
 * STORAGE errors; those of `write` stay as they are.
 */
export async function writeNewFile(
  path: string,
  write: (sink: Writable) => Promise<void>,
  { makesFolder = false, ...options }: NewFileOptions = {},
): Promise<void> {
  const create = () => open(path, 'wx');
  const fd = await storage(makesFolder ? inFolder(dirname(path), create) : create());
  const sink = createWriteStream(path, { fd, ...options });
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
    if (!sink.closed) await new Promise<void>((resolve) => sink.once('close', resolve));
  }
}
