/** Many small writes to a stream as a few large ones: each write costs a stream more than the copying of a header. */
import { finished, type Writable } from 'node:stream';

export interface BufferedSink {
  /** Writes `data`, now or together with what follows. Throws if the sink is gone. */
  write(data: Buffer): void;
  /** Hands on what was gathered. */
  flush(): void;
  /** Bytes so far. */
  written(): number;
  /** Whether the sink wants its writers to wait. */
  isFull(): boolean;
  /** Resolves when the sink takes more; rejects when it never will. */
  drained(): Promise<void>;
}

/** Bytes that are gathered; what is as large as a quarter of it is passed on as it is. */
const GATHERED = 64 * 1024;
const LARGE = GATHERED / 4;

/** A writer onto `sink`, which is not ended. */
export function createBufferedSink(sink: Writable): BufferedSink {
  let gathered = Buffer.alloc(0);
  let filled = 0;
  let written = 0;

  function flush(): void {
    if (filled === 0) return;
    const data = gathered.subarray(0, filled);
    gathered = gathered.subarray(filled); // what was handed on is the sink's
    filled = 0;
    sink.write(data);
  }

  return {
    write(data) {
      // A sink that is gone never drains and, once its error was told, says nothing more.
      if (sink.destroyed) throw sink.errored ?? new Error('the zip was closed before its end');
      written += data.length;
      if (data.length >= LARGE) {
        flush();
        sink.write(data);
        return;
      }
      if (filled + data.length > gathered.length) {
        flush();
        gathered = Buffer.allocUnsafeSlow(GATHERED);
      }
      data.copy(gathered, filled);
      filled += data.length;
    },

    flush,
    written: () => written,
    isFull: () => sink.writableNeedDrain,
    // It may have drained since somebody looked, and would not say so again.
    drained: async () => (sink.writableNeedDrain ? drained(sink) : undefined),
  };
}

function drained(sink: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = finished(sink, (error) => reject(error ?? new Error('the zip was ended before its end')));
    sink.once('drain', () => {
      forget();
      resolve();
    });
  });
}
