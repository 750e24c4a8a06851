/** What the processes of a server use, as Linux tells it below /proc. Sizes are in MB (10^6 bytes). */
import { readdirSync, readFileSync } from 'node:fs';

/** A process and all that it started, directly or not. */
export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)];
}

/** Resident memory of a server with the processes it keeps. */
export function residentMB(pid: number): number {
  return sumMB(processTree(pid), 'VmRSS');
}

/** The most that the server, with the processes it keeps, ever had resident: the kernel's own high-water marks. */
export function peakResidentMB(pid: number): number {
  return sumMB(processTree(pid), 'VmHWM');
}

export interface PeakWatch {
  /** Ends the watch. Answers the largest sum that was seen. */
  stop(): number;
}

/**
 * Watches the memory of a server together with the short-lived processes it starts: the sum of what cannot be dropped
 * (anonymous memory), looked at every 10 ms. Files that git maps do not count; they are the machine's file cache.
 */
export function watchTreePeak(pid: number): PeakWatch {
  let peak = 0;
  const look = (): void => {
    peak = Math.max(peak, sumMB(processTree(pid), 'RssAnon'));
  };
  const timer = setInterval(look, 10);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}

function sumMB(pids: readonly number[], field: string): number {
  const kib = pids.map((pid) =>
    Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(statusOf(pid))?.[1] ?? 0),
  );
  return (kib.reduce((sum, value) => sum + value, 0) * 1024) / 1e6;
}

function statusOf(pid: number): string {
  return orElse('', () => readFileSync(`/proc/${pid}/status`, 'utf8'));
}

function childrenOf(pid: number): number[] {
  const threads = orElse([], () => readdirSync(`/proc/${pid}/task`));
  return threads.flatMap((thread) =>
    orElse('', () => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'))
      .split(' ')
      .filter((child) => child !== '')
      .map(Number),
  );
}

/** A process may end between two looks at it. */
function orElse<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}
