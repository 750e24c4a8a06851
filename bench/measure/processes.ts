/** What the processes of a server use, as Linux tells it below /proc. Sizes are in MB (10^6 bytes). */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** Linux counts processor time in hundredths of a second, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;

/** Processor seconds that a server has used so far, with all it started. */
export function cpuSeconds(pid: number): number {
  const ticks = processTree(pid).map((one) => {
    // After the name, which may hold anything: utime, stime, and the same of children that have ended (proc(5)).
    const fields = statOf(one)
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  });
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_PER_SECOND;
}

/**
 * Waits until a server has ended what it started for clients that are gone, so that it does not disturb what is
 * measured next. Gives up after half a minute.
 */
export async function childrenGone(pid: number, before: number): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (processTree(pid).length > before && Date.now() < deadline) await sleep(50);
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

function statOf(pid: number): string {
  return orElse('', () => readFileSync(`/proc/${pid}/stat`, 'utf8'));
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
