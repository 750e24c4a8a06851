/**
 * Reads files that should be regular ones, where something else may stand in their place: to open a named pipe waits for
 * its writer, for ever, and four such reads are all the threads that Node has for files; a device may have no end.
 *
 * So a file is opened without waiting, which changes nothing for a regular one (open(2), O_NONBLOCK), and looked at before
 * anything is read of it. Errors are those of the operating system; for what is not a regular file the code is `EFTYPE`.
 */
import {
  close,
  closeSync,
  constants,
  createReadStream,
  fstat,
  fstatSync,
  open,
  openSync,
  read,
  readSync,
  writeSync,
  type PathLike,
  type ReadStream,
  type Stats,
} from 'node:fs';
import { open as openHandle, type FileHandle } from 'node:fs/promises';

/** Opens for reading: a named pipe at once, and a terminal does not become that of this process. */
export const READING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Opens for writing at the end, and makes the file: a named pipe that nothing reads is refused at once (`ENXIO`). */
export const APPENDING =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The error for `path`, which is there and is not a regular file. */
export function notRegular(path: PathLike): Error {
  const name = String(path);
  return Object.assign(new Error(`it is not a regular file: ${name}`), {
    code: 'EFTYPE',
    syscall: 'open',
    path: name,
  });
}

/** Bytes of a file that is read as a whole, unless the caller says otherwise: one in its place must not take all memory. */
const MAX_WHOLE = 256 * 1024 * 1024;

/** The error for `path`, which has more than `maxBytes`. */
function tooLarge(path: string, maxBytes: number): Error {
  const message = `it is larger than ${maxBytes / 2 ** 20} MiB: ${path}`;
  return Object.assign(new Error(message), { code: 'EFBIG', syscall: 'read', path });
}

/** A regular file that is open for reading, and what the system said of it then. */
export interface RegularFile {
  path: string;
  handle: FileHandle;
  stats: Stats;
}

/** Opens a regular file. The caller closes it. */
export async function openRegular(path: string): Promise<RegularFile> {
  const handle = await openHandle(path, READING);
  try {
    const stats = await handle.stat();
    if (stats.isFile()) return { path, handle, stats };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  throw notRegular(path);
}

/** The content of an open file, as much as there was when it was opened. One of more than `maxBytes` is an error (`EFBIG`). */
export async function readOpened(
  { path, handle, stats }: RegularFile,
  maxBytes = MAX_WHOLE,
): Promise<Buffer> {
  if (stats.size > maxBytes) throw tooLarge(path, maxBytes);
  const bytes = Buffer.allocUnsafeSlow(stats.size);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
    if (bytesRead === 0) break; // it was cut meanwhile
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** The content of a regular file. One of more than `maxBytes` is an error (`EFBIG`). */
export async function readRegular(path: string, maxBytes = MAX_WHOLE): Promise<Buffer> {
  const file = await openRegular(path);
  try {
    return await readOpened(file, maxBytes);
  } finally {
    await file.handle.close();
  }
}

/** The text of a regular file. */
export async function readRegularText(path: string): Promise<string> {
  return (await readRegular(path)).toString('utf8');
}

/** What `work` makes of a regular file that is open for reading, at once. */
export function withRegularSync<T>(path: string, work: (descriptor: number, stats: Stats) => T): T {
  const descriptor = openSync(path, READING);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw notRegular(path);
    return work(descriptor, stats);
  } finally {
    closeSync(descriptor);
  }
}

/** The content of a regular file, read at once. */
export function readRegularSync(path: string): Buffer {
  return withRegularSync(path, (descriptor, { size }) => {
    if (size > MAX_WHOLE) throw tooLarge(path, MAX_WHOLE);
    return readUpTo(descriptor, size);
  });
}

/** What a shell passes for `<(command)` and `-`: a pipe, which is read although it is not a regular file. */
const SHELL_PIPE = /^\/dev\/(?:fd\/\d+|stdin)$|^\/proc\/self\/fd\/\d+$/;

/**
 * The content of a file that a person named, read at once, which may also be a pipe of a shell; undefined where it holds more
 * than `maxBytes`.
 */
export function readNamedSync(path: string, maxBytes: number): Buffer | undefined {
  const isPipe = SHELL_PIPE.test(path);
  const descriptor = openSync(path, isPipe ? constants.O_RDONLY : READING);
  try {
    if (!isPipe && !fstatSync(descriptor).isFile()) throw notRegular(path);
    const bytes = readUpTo(descriptor, maxBytes + 1);
    return bytes.length > maxBytes ? undefined : bytes;
  } finally {
    closeSync(descriptor);
  }
}

function readUpTo(descriptor: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(descriptor, bytes, filled, size - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/**
 * Opens a file that lines are appended to, and makes it with the rights `mode`. A pipe that has a reader is written to as fast
 * as that reads; one without a reader is refused at once (`ENXIO`).
 */
export async function openForAppending(path: string, mode: number): Promise<FileHandle> {
  const handle = await openHandle(path, APPENDING, mode);
  try {
    if ((await handle.stat()).isFile()) return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
  const waiting = await openHandle(path, 'a', mode).catch((error: unknown) => error as Error);
  await handle.close();
  if (waiting instanceof Error) throw waiting;
  return waiting;
}

/** Appends lines at once to a file, which is made with the rights `mode`, less what the umask takes away. */
export function appendSync(path: string, lines: string, mode = 0o666): void {
  const descriptor = openSync(path, APPENDING, mode);
  try {
    writeSync(descriptor, lines); // one write, so that those of other processes do not come between
  } finally {
    closeSync(descriptor);
  }
}

export interface StreamOptions {
  /** The first and the last byte that are read. */
  start?: number;
  end?: number;
  highWaterMark?: number;
}

/** The content of a regular file as a stream, which fails where it cannot be read. */
export function streamRegular(path: string, options: StreamOptions = {}): ReadStream {
  return createReadStream(path, { ...options, fs: { open: openChecked, read, close } });
}

type OpenDone = (error: NodeJS.ErrnoException | null, descriptor: number) => void;

function openChecked(path: PathLike, _flags: unknown, _mode: unknown, done: OpenDone): void {
  open(path, READING, (error, descriptor) => {
    if (error) {
      done(error, descriptor);
      return;
    }
    fstat(descriptor, (failure, stats) => {
      if (!failure && stats.isFile()) done(null, descriptor);
      else close(descriptor, () => done(failure ?? notRegular(path), -1));
    });
  });
}
