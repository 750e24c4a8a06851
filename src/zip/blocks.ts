/** Bytes that are collected in a few large blocks: a million small buffers take several times as much memory. */

const BLOCK = 256 * 1024;

export class Blocks {
  readonly #full: Buffer[] = [];
  #current = Buffer.alloc(0);
  #used = 0;

  /** Copies `bytes`. */
  add(bytes: Buffer): void {
    if (this.#used + bytes.length > this.#current.length) this.#next(bytes.length);
    bytes.copy(this.#current, this.#used);
    this.#used += bytes.length;
  }

  /** All bytes in their order; what was given out is let go. */
  *take(): Generator<Buffer, undefined> {
    this.#next(0);
    for (let block = this.#full.shift(); block !== undefined; block = this.#full.shift()) yield block;
  }

  #next(atLeast: number): void {
    if (this.#used > 0) this.#full.push(this.#current.subarray(0, this.#used));
    this.#current = Buffer.allocUnsafeSlow(Math.max(atLeast, this.#full.length === 0 ? 4_096 : BLOCK));
    this.#used = 0;
  }
}
