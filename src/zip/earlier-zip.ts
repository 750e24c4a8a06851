/** Reads the data of entries of a finished zip, most of them in their order, in a few large pieces. */

/** A file that is read at positions. */
export interface PositionedFile {
  /** Reads up to `length` bytes from `position` on to the beginning of `target`, and says how many they were. */
  read(
    target: Buffer,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead: number) => void,
  ): void;
}

/** Bytes of one read. */
const WINDOW = 512 * 1024;

export class EarlierZip {
  readonly #file: PositionedFile;
  #window: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };

  constructor(file: PositionedFile) {
    this.#file = file;
  }

  /** The `length` bytes from `start` on, if they were read before. */
  ready(start: number, length: number): Buffer | undefined {
    const at = start - this.#window.start;
    if (at < 0 || at + length > this.#window.bytes.length) return undefined;
    return this.#window.bytes.subarray(at, at + length);
  }

  /** Makes the `length` bytes from `start` on ready: no more than a window. */
  async fill(start: number, length: number): Promise<void> {
    if (this.ready(start, length) === undefined) this.#window = { start, bytes: await this.#read(start) };
  }

  /** The `length` bytes from `start` on, piece by piece. Throws where the zip ends before. */
  async *pieces(start: number, length: number): AsyncGenerator<Buffer> {
    for (let at = start, left = length; left > 0;) {
      // A window is never written to again: a caller that was given a part of it may still hold it.
      if (this.ready(at, 1) === undefined) this.#window = { start: at, bytes: await this.#read(at) };
      const inWindow = at - this.#window.start;
      const piece = this.#window.bytes.subarray(inWindow, inWindow + left);
      at += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  #read(position: number): Promise<Buffer> {
    const target = Buffer.allocUnsafeSlow(WINDOW);
    return new Promise((resolve, reject) => {
      this.#file.read(target, WINDOW, position, (error, bytesRead) => {
        if (error !== null) reject(error);
        else if (bytesRead === 0) reject(new Error('the zip of an earlier version ended before its end'));
        else resolve(target.subarray(0, bytesRead));
      });
    });
  }
}
