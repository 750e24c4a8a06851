/**
 * Bytes that are collected in a few large blocks: a million small buffers take several times as much memory. All but the
 * first blocks are deflated: of names and of records of a zip a fifth remains.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

const BLOCK = 256 * 1024;

/** Blocks that are held as they are: a directory of some thousand files. */
const PLAIN = 4;

/** It takes two milliseconds a block, for some thousand files. */
const FAST = { level: constants.Z_BEST_SPEED };

export class Blocks {
  readonly #plain: Buffer[] = [];
  readonly #deflated: Buffer[] = [];
  #current = Buffer.alloc(0);
  #used = 0;

  /** Copies `bytes`. */
  add(bytes: Buffer): void {
    if (this.#used + bytes.length > this.#current.length) this.#next(bytes.length);
    bytes.copy(this.#current, this.#used);
    this.#used += bytes.length;
  }

  /** All bytes in their order; a block is freed once it was given out. */
  *take(): Generator<Buffer, undefined> {
    this.#next(0);
    for (let block = this.#plain.shift(); block !== undefined; block = this.#plain.shift()) yield block;
    for (let block = this.#deflated.shift(); block !== undefined; block = this.#deflated.shift()) {
      yield inflateRawSync(block);
    }
  }

  #next(atLeast: number): void {
    const full = this.#current.subarray(0, this.#used);
    if (full.length > 0 && this.#plain.length < PLAIN) this.#plain.push(full);
    else if (full.length > 0) this.#deflated.push(deflateRawSync(full, FAST));
    this.#used = 0;
    const size = this.#plain.length === 0 ? 4_096 : BLOCK;
    // A block that was deflated is used again.
    if (this.#deflated.length > 0 && this.#current.length >= Math.max(atLeast, size)) return;
    this.#current = Buffer.allocUnsafeSlow(Math.max(atLeast, size));
  }
}
