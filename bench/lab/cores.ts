/** Which processor a program runs on, so that a server and its load do not compete. Needs taskset and two of them. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { sealedEnv } from '../../test/support/run.js';

/** Processors for a server and for the load; undefined where programs cannot be kept apart. */
export interface Cores {
  server: number | undefined;
  load: number | undefined;
}

export function chooseCores(): Cores {
  const canPin = isInstalled('taskset') && availableParallelism() >= 2;
  return canPin ? { server: 0, load: 1 } : { server: undefined, load: undefined };
}

/** The command that runs a command on one processor. */
export function pinned(core: number | undefined, command: [string, ...string[]]): [string, ...string[]] {
  return core === undefined ? command : ['taskset', '--cpu-list', `${core}`, ...command];
}

/** Whether a program is on this machine. */
export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`], { env: sealedEnv(), stdio: 'ignore' }).status === 0;
}
