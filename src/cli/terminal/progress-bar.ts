/** How far a command is: a bar on standard error, where that is a terminal, and nothing anywhere else. */
import type { WriteStream } from 'node:tty';
import cliProgress from 'cli-progress';

/** Told after each piece of work; both numbers may grow. */
export type OnProgress = (done: number, total: number) => void;

export interface ProgressBar {
  update: OnProgress;
  /** Removes the bar. */
  stop: () => void;
}

/** A bar with a word for what is counted. */
export function progressBar(
  what: string,
  stream: Pick<WriteStream, 'isTTY'> & NodeJS.WritableStream = process.stderr,
): ProgressBar {
  if (!stream.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new cliProgress.SingleBar({
    stream,
    format: (_options, { progress, value, total }) => {
      const seconds = (performance.now() - startedAt) / 1000;
      return `${what} [${barOf(progress)}] ${value}/${total}${paceOf(value, total, seconds)}`;
    },
    clearOnComplete: true,
    // Its handler would take the first Ctrl-C for itself.
    gracefulExit: false,
  });
  let started = false;
  let startedAt = performance.now();
  return {
    update(done, total) {
      if (!started) {
        startedAt = performance.now();
        bar.start(total, done);
      } else {
        bar.setTotal(total);
        bar.update(done);
      }
      started = true;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

const BAR_WIDTH = 30;

function barOf(progress: number): string {
  const full = Math.round(Math.min(1, Math.max(0, progress || 0)) * BAR_WIDTH);
  return '='.repeat(full) + '-'.repeat(BAR_WIDTH - full);
}

/** Before that a rate says nothing, in seconds. */
const SETTLED_S = 1;

/** ` 12/s, 40 s left`, by the mean rate since the start; empty while there is none. */
export function paceOf(done: number, total: number, seconds: number): string {
  if (done === 0 || seconds < SETTLED_S) return '';
  const rate = done / seconds;
  const shownRate = rate >= 10 ? rate.toFixed(0) : rate.toFixed(1);
  const left = Math.ceil((total - done) / rate);
  return ` ${shownRate}/s, ${durationText(left)} left`;
}

/** `40 s`, `3 min 20 s`, `2 h 5 min`. */
function durationText(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** To be called after each of `total` pieces of work. */
export function counter(total: number, onProgress: OnProgress | undefined): () => void {
  let done = 0;
  onProgress?.(done, total);
  return () => onProgress?.((done += 1), total);
}
