/**
 * Log lines on their way to standard output: those of some milliseconds are written together, while the work goes on.
 * In order, and without a part of a line between two others'.
 */
import { pino } from 'pino';

export interface LineBuffer {
  /** Takes a line, its line end included. */
  write: (line: string) => void;
  /** Resolves when every line that was taken is written. */
  flush: () => Promise<void>;
  /** Writes all there is, before the process ends. */
  flushSync: () => void;
}

/** How long a line waits for others: a write by itself wakes another thread, which costs more than most answers. */
const WAIT_MS = 10;
/** Characters after which lines do not wait. */
const FULL = 16_000;
/** What a pipe takes in one piece from each of several writers, in bytes (PIPE_BUF of Linux). */
const ATOMIC = 4096;
/** Bytes that wait at most for somebody who does not read; later lines are lost, and counted. */
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
    ...(shared && { maxWrite: ATOMIC }),
  });
  let pending = '';
  let isScheduled = false;
  let lost = 0;

  output.on('drop', (lines: string) => (lost += lines.split('\n').length - 1));
  output.on('drain', () => {
    if (lost === 0) return;
    const lines = lost;
    lost = 0;
    onLost(lines);
  });

  function passOn(): void {
    if (pending === '') return;
    output.write(pending);
    pending = '';
  }

  function flushSync(): void {
    passOn();
    output.flushSync();
  }
  process.on('exit', flushSync);

  return {
    write(line) {
      if (pending.length + line.length > full) passOn();
      pending += line;
      if (isScheduled) return;
      isScheduled = true;
      setTimeout(() => {
        isScheduled = false;
        passOn();
      }, WAIT_MS);
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
