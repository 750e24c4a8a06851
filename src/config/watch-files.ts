/**
 * Tells when one of a few files has changed.
 *
 * By polling `stat`, not by file system events, because what must be noticed looks different to events in each case
 * and the same to `stat`, which follows links: a write in place, an editor's rename over the file (the watched inode is
 * gone), a ConfigMap's swap of a symlink two directories up (nothing happens in the watched directory), and a change
 * on a network file system by another machine (no event at all). A few `stat` calls a second cost nothing.
 */
import { unwatchFile, watchFile } from 'node:fs';

/**
 * Calls `onChange` once for every change of one or several of `files`, also when one appears or disappears. A file is
 * given one more interval to come to rest first, so that a half-written one is not read; but files that change again and again
 * are read all the same, because a right that was taken away must not hold on. What `onChange` throws goes to `onError`: it is
 * thrown in a timer, where it would end the process.
 */
export function watchFiles(
  files: readonly string[],
  onChange: () => void,
  { intervalMs = 250, onError }: { intervalMs?: number; onError: (error: unknown) => void },
): { close(): void } {
  const settleMs = intervalMs + Math.ceil(intervalMs / 5);
  let timer: NodeJS.Timeout | undefined;
  /** Since when a change waits to be told. */
  let since: number | undefined;

  function changed(): void {
    since ??= performance.now();
    const leftMs = since + 2 * settleMs - performance.now();
    clearTimeout(timer);
    timer = setTimeout(act, Math.max(0, Math.min(settleMs, leftMs)));
    timer.unref();
  }

  function act(): void {
    since = undefined;
    try {
      onChange();
    } catch (error) {
      onError(error);
    }
  }

  for (const file of files) watchFile(file, { interval: intervalMs, persistent: false }, changed);
  return {
    close() {
      clearTimeout(timer);
      for (const file of files) unwatchFile(file, changed);
    },
  };
}
