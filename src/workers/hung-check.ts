/**
 * Whether a worker that does not answer hangs. On a busy machine a worker may wait many seconds for a processor: one that was
 * killed for it would be replaced by one that waits as long, and loads its program besides. So while a worker is ready to
 * run, only the processor time that it was given counts; asleep, stopped or waiting for a disk, it could have answered at
 * any time.
 */
import { readFileSync } from 'node:fs';

/** What the system says of a process at one moment. */
export interface ProcessState {
  /** Whether it runs, or would if it were given a processor. */
  isReady: boolean;
  /** Processor time of all its threads so far, in milliseconds. */
  cpuMs: number;
}

/** How long a worker may leave a message without an answer, in milliseconds. */
const HUNG_MS = 5_000;
/** It is taken for hung after that long, whatever it waits for: a change waits until it has heard of it. */
const LONGEST_MS = 60_000;
/** The unit of times in proc(5), which is the same on every Linux (time(7), USER_HZ). */
const TICK_MS = 10;

/** Of the process `pid`, by `/proc/PID/stat`; undefined where the system does not say. */
export function processState(pid: number | undefined): ProcessState | undefined {
  try {
    const stat = readFileSync(`/proc/${pid ?? 0}/stat`, 'latin1');
    // The name in parentheses may hold anything; the state is the third field, user and system time are 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    return Number.isNaN(cpuMs) ? undefined : { isReady: fields[0] === 'R', cpuMs };
  } catch {
    return undefined;
  }
}

export class HungCheck {
  #cpuMs: number | undefined;
  #silentMs = 0;
  #totalMs = 0;

  /** `state`: of the moment when it was asked. */
  constructor(state: ProcessState | undefined) {
    this.#cpuMs = state?.cpuMs;
  }

  /** Whether it is taken for hung, after it has not answered for `ms` more. */
  isHung(ms: number, state: ProcessState | undefined): boolean {
    const hadMs =
      state === undefined || this.#cpuMs === undefined ? ms : Math.min(ms, state.cpuMs - this.#cpuMs);
    this.#cpuMs = state?.cpuMs;
    this.#silentMs += state?.isReady === true ? hadMs : ms;
    this.#totalMs += ms;
    return this.#silentMs >= HUNG_MS || this.#totalMs >= LONGEST_MS;
  }
}
