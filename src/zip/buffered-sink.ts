/** Makes a few large writes to a stream of many small ones: each write costs a stream more than copying a header does. */
import { finished, type Writable } from 'node:stream';

/** Bytes that are collected; a write as large as a quarter of it is passed on as it is. */
const COLLECTED = 64 * 1024;
const LARGE = COLLECTED / 4;

/** A buffer before `sink`, which is not ended. */
export function createBufferedSink(sink: Writable): BufferedSink {
  return new CollectingSink(sink);
}

export interface BufferedSink {
  /** Writes `data`, now or together with what follows. Throws if the stream is closed. */
  write(data: Buffer): void;
  /** Hands on what was collected. */
  flush(): void;
  /** Bytes so far. */
  written(): number;
  /** Whether the stream wants its writers to wait. */
  isFull(): boolean;
  /** Resolves when the stream takes more; rejects when it never will. */
  drained(): Promise<void>;
}

class CollectingSink implements BufferedSink {
  readonly #sink: Writable;
  #buffer = Buffer.alloc(0);
  #filled = 0;
  #written = 0;

  constructor(sink: Writable) {
    this.#sink = sink;
  }

  write(data: Buffer): void {
    // A closed stream never drains and, once its error was told, says nothing more.
    if (this.#sink.destroyed) throw this.#sink.errored ?? new Error('the zip was closed before its end');
    this.#written += data.length;
    if (data.length >= LARGE) {
      this.flush();
      this.#sink.write(data);
      return;
    }
    if (this.#filled + data.length > this.#buffer.length) {
      this.flush();
      this.#buffer = Buffer.allocUnsafeSlow(COLLECTED);
    }
    data.copy(this.#buffer, this.#filled);
    this.#filled += data.length;
  }

  flush(): void {
    if (this.#filled === 0) return;
    const data = this.#buffer.subarray(0, this.#filled);
    this.#buffer = this.#buffer.subarray(this.#filled); // the part that was handed on belongs to the stream
    this.#filled = 0;
    this.#sink.write(data);
  }

  written(): number {
    return this.#written;
  }

  isFull(): boolean {
    return this.#sink.writableNeedDrain;
  }

  async drained(): Promise<void> {
    // It may have drained since the last call of isFull(), and would not emit the event again.
    if (this.#sink.writableNeedDrain) await nextDrain(this.#sink);
  }
}

function nextDrain(sink: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopWatching = finished(sink, (error) =>
      reject(error ?? new Error('the zip was ended before its end')),
    );
    sink.once('drain', () => {
      stopWatching();
      resolve();
    });
  });
}
