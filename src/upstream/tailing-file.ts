/**
 * A file that is read while it is written: a late reader begins at the beginning, a slow reader delays neither the writer
 * nor another reader, and memory does not depend on the size.
 *
 * Readers do not get the end until the writer says that the file is good: a file that turns out to be bad breaks off for
 * all of them, and none can take what it has for the whole.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

/**
 * Bytes at the end that no reader gets before the file is known to be good. The directory of a zip ends with its last 22
 * bytes and a comment of at most 64 KiB: without these it is not a zip.
 */
const HELD_BACK = 64 * 1024 + 22;
/** Readers get more in steps of so many bytes: each step wakes all of them. */
const STEP = 256 * 1024;
/** Of a file with so many bytes readers get the first ones. */
export const FIRST_VISIBLE = STEP + HELD_BACK;

/** Throws if `path` exists. */
export async function createTailingFile(path: string): Promise<TailingFile> {
  return new TailingFile(path, await open(path, 'wx'));
}

export class TailingFile {
  private readonly path: string;
  private readonly file: FileHandle;
  private written = 0;
  private state: 'incomplete' | 'good' | { error: unknown } = 'incomplete';
  private waiting: (() => void)[] = [];

  constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  /** Bytes that readers may get now. */
  visible(): number {
    if (this.state === 'good') return this.written;
    return Math.max(0, Math.floor((this.written - HELD_BACK) / STEP) * STEP);
  }

  /** Adds to the end. Pieces are written one after the other. */
  async write(piece: Uint8Array): Promise<void> {
    const before = this.visible();
    await this.file.appendFile(piece);
    this.written += piece.length;
    if (this.visible() > before) this.wake();
  }

  /** The file is whole and good: readers may read to the end. */
  complete(): void {
    this.state = 'good';
    this.wake();
  }

  /** The file is bad: readers fail with `error`. */
  fail(error: unknown): void {
    if (this.state === 'incomplete') this.state = { error };
    this.wake();
  }

  /** A stream from the first byte on. The file may lose its name meanwhile, not before. */
  async read(): Promise<Readable> {
    const reader = await open(this.path, 'r');
    let position = 0;
    const next = () => this.next(reader, position);
    return new Readable({
      highWaterMark: STEP,
      read() {
        next().then(
          (piece) => {
            position += piece?.length ?? 0;
            this.push(piece);
          },
          (error: unknown) => this.destroy(error as Error),
        );
      },
      destroy: (error, done) => void reader.close().then(() => done(error), done),
    });
  }

  /** Ends writing. */
  close(): Promise<void> {
    return this.file.close();
  }

  private wake(): void {
    const woken = this.waiting;
    this.waiting = [];
    for (const resolve of woken) resolve();
  }

  /** The next bytes from `position` on, as soon as there are some; null at the end. */
  private async next(reader: FileHandle, position: number): Promise<Buffer | null> {
    for (;;) {
      const end = this.visible();
      if (position < end) {
        const room = Buffer.allocUnsafe(Math.min(STEP, end - position));
        const { bytesRead } = await reader.read(room, 0, room.length, position);
        return room.subarray(0, bytesRead);
      }
      if (this.state === 'good') return null;
      if (this.state !== 'incomplete') throw this.state.error;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}
