/**
 * A file that is read while it is written: whoever comes late begins at the beginning, a slow reader holds up neither
 * the writer nor another reader, and memory does not depend on the size.
 *
 * Readers are held back from the end until the writer says that the file is good: a file that turns out to be bad breaks
 * off for all of them, and nobody can take what he has for the whole.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

export interface TailingFile {
  /** Adds to the end. Pieces are written one after the other. */
  write(piece: Uint8Array): Promise<void>;
  /** Bytes that readers may see now. */
  visible(): number;
  /** It is whole and good: readers may read to the end. */
  complete(): void;
  /** It is bad: readers fail with `error`. */
  fail(error: unknown): void;
  /** A stream from the first byte on. The file may lose its name meanwhile, not before. */
  read(): Promise<Readable>;
  /** Ends writing. */
  close(): Promise<void>;
}

/**
 * Bytes at the end that nobody sees before the verdict. The directory of a zip ends with its last 22 bytes and a
 * comment of at most 64 KiB: without these it is no zip to anybody.
 */
const HELD_BACK = 64 * 1024 + 22;
/** Readers see more in steps of so many bytes: each step wakes all of them. */
const STEP = 256 * 1024;

/** Throws if `path` exists. */
export async function createTailingFile(path: string): Promise<TailingFile> {
  const file = await open(path, 'wx');
  let written = 0;
  let verdict: 'none' | 'good' | { error: unknown } = 'none';
  let waiting: (() => void)[] = [];

  const visible = () =>
    verdict === 'good' ? written : Math.max(0, Math.floor((written - HELD_BACK) / STEP) * STEP);

  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  }

  /** The next bytes from `at` on, as soon as there are some to be seen; null at the end. */
  async function next(reader: FileHandle, at: number): Promise<Buffer | null> {
    for (;;) {
      const end = visible();
      if (at < end) {
        const room = Buffer.allocUnsafe(Math.min(STEP, end - at));
        const { bytesRead } = await reader.read(room, 0, room.length, at);
        return room.subarray(0, bytesRead);
      }
      if (verdict === 'good') return null;
      if (verdict !== 'none') throw verdict.error;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }

  return {
    visible,
    async write(piece) {
      const before = visible();
      await file.appendFile(piece);
      written += piece.length;
      if (visible() > before) wake();
    },
    complete() {
      verdict = 'good';
      wake();
    },
    fail(error) {
      if (verdict === 'none') verdict = { error };
      wake();
    },
    async read() {
      const reader = await open(path, 'r');
      let at = 0;
      return new Readable({
        highWaterMark: STEP,
        read() {
          next(reader, at).then(
            (piece) => {
              at += piece?.length ?? 0;
              this.push(piece);
            },
            (error: unknown) => this.destroy(error as Error),
          );
        },
        destroy: (error, done) => void reader.close().then(() => done(error), done),
      });
    },
    close: () => file.close(),
  };
}
