/** Processes below another one, which may outlive it. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  pid: number;
  parent: number;
  /** When it started, because process ids are given again. */
  start: string;
  command: string;
}

/** All processes that run, see proc(5); those that ended and were not waited for do not count. */
export function allProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** `pid` and everything that it started, directly or not, and that still belongs to it. */
export function withDescendants(pid: number): Process[] {
  const all = allProcesses();
  const found = all.filter((one) => one.pid === pid);
  for (const { pid: parent } of found) found.push(...all.filter((one) => one.parent === parent));
  return found;
}

/** Those of `processes` that still run. */
export function survivors(processes: readonly Process[]): Process[] {
  return processes.filter(({ pid, start }) => readProcess(pid)?.start === start);
}

/** Processes that name `text` in their command line or their environment. */
export function processesNaming(text: string): Process[] {
  return allProcesses().filter(
    ({ pid, command }) => command.includes(text) || contentOf(pid, 'environ').includes(text),
  );
}

function readProcess(pid: number): Process | undefined {
  const stat = contentOf(pid, 'stat');
  const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (stat === '' || state === 'Z' || state === 'X') return undefined;
  const command = contentOf(pid, 'cmdline').replaceAll('\0', ' ');
  return { pid, parent: Number(parent), start: rest[17] ?? '', command };
}

function contentOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
