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
    format: `${what} [{bar}] {value}/{total}`,
    barsize: 30,
    clearOnComplete: true,
    // Its handler would take the first Ctrl-C for itself.
    gracefulExit: false,
  });
  let started = false;
  return {
    update(done, total) {
      if (!started) {
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

/** To be called after each of `total` pieces of work. */
export function counter(total: number, onProgress: OnProgress | undefined): () => void {
  let done = 0;
  onProgress?.(done, total);
  return () => onProgress?.((done += 1), total);
}
