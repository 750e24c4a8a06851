/**
 * Names of processes, to be written into the names of what only they use: unfinished files and folders. What a dead
 * process left can be told by its name from what a living one still uses.
 *
 * A tag is `PID-START-PLACE`: START is when the process started, because process ids are given again, and PLACE stands
 * for the machine since its boot and its namespace of process ids, because another machine or container may use the same
 * folder with the same ids. Of a process elsewhere it is not known here whether it lives.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

const TAG = /(?<![0-9a-z])(\d+)-([0-9a-z]+)-([0-9a-f]{8})(?![0-9a-f])/;

const PLACE = createHash('sha256')
  .update(textOf('/proc/sys/kernel/random/boot_id'))
  .update(linkOf('/proc/self/ns/pid'))
  .digest('hex')
  .slice(0, 8);

const OWN = `${process.pid}-${startOf(process.pid) ?? '0'}-${PLACE}`;

/** The tag of this process. */
export function processTag(): string {
  return OWN;
}

/** Whether the process whose tag is in `name` is known to be alive or dead; `unknown` for one elsewhere, or none. */
export function ownerState(name: string): 'alive' | 'dead' | 'unknown' {
  const [, pid, start, place] = TAG.exec(name) ?? [];
  if (pid === undefined || place !== PLACE) return 'unknown';
  if (!isRunning(Number(pid))) return 'dead';
  const startOfNow = startOf(Number(pid));
  return startOfNow === undefined || startOfNow === start ? 'alive' : 'dead';
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, in base 36; undefined where the system does not say. See proc(5), `/proc/PID/stat`. */
function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  const start = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return stat === '' || Number.isNaN(start) ? undefined : start.toString(36);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
