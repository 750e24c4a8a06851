/**
 * Log lines on their way to standard output: written together, while the work goes on, in order, and without a part of a
 * line between two others'.
 */
import { pino } from 'pino';

export interface LineBuffer {
  /** Takes a line, its line end included, and writes it with those of the same turn of the event loop. */
  write: (line: string) => void;
  /** Takes a line that there are many of, and writes it with those of some milliseconds. */
  writeLater: (line: string) => void;
  /** Resolves when every line that was taken is written. */
  flush: () => Promise<void>;
  /** Writes all there is, before the process ends. */
  flushSync: () => void;
}

/** How long such a line waits for others: a write wakes another thread, which costs more than most answers. */
const WAIT_MS = 10;
/** How long the end of the process waits for a write that has begun. */
const LAST_WRITE_MS = 30;
/** Characters after which lines do not wait, in one write: each costs a thread its sleep. What a pipe of Linux holds. */
const FULL = 64_000;
/** What a pipe takes in one piece from each of several writers, in bytes (PIPE_BUF of Linux). */
const ATOMIC = 4096;
/** Bytes that wait at most for a reader that does not read; later lines are lost, and counted. */
const MAX_WAITING = 8 * 1024 * 1024;

/**
 * A buffer before standard output; `shared`: others write there, too. `onLost` is told how many lines were lost, once
 * there is room again.
 */
export function createLineBuffer(shared: boolean, onLost: (lines: number) => void): LineBuffer {
  const full = shared ? ATOMIC : FULL;
  const output = pino.destination({
    dest: 1,
    sync: false,
    minLength: 1,
    maxLength: MAX_WAITING,
    maxWrite: full,
  });
  let pending = '';
  let soon: NodeJS.Immediate | undefined;
  let later: NodeJS.Timeout | undefined;
  let lost = 0;
  let isWriting = false;

  output.on('drop', (lines: string) => (lost += lines.split('\n').length - 1));
  output.on('write', () => (isWriting = false));
  output.on('drain', () => {
    if (lost === 0) return;
    const lines = lost;
    lost = 0;
    onLost(lines);
  });

  function take(line: string): void {
    if (pending.length + line.length > full) passOn();
    pending += line;
  }

  function passOn(): void {
    clearImmediate(soon);
    clearTimeout(later);
    soon = later = undefined;
    if (pending === '') return;
    isWriting = true;
    output.write(pending);
    pending = '';
  }

  function flushSync(): void {
    passOn();
    output.flushSync();
  }
  process.on('exit', () => {
    // A thread may still be at lines that come before what is written now; a process that ends is not told of it.
    if (isWriting) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WRITE_MS);
    flushSync();
  });

  return {
    write(line) {
      take(line);
      soon ??= setImmediate(passOn);
    },

    writeLater(line) {
      take(line);
      later ??= setTimeout(passOn, WAIT_MS);
    },

    flush() {
      passOn();
      return new Promise((resolve) => {
        output.flush(() => resolve());
      });
    },

    flushSync,
  };
}
