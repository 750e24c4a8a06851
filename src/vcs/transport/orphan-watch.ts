/**
 * Ends git children that talk to a host when this process is killed with SIGKILL, which it cannot notice itself. Children
 * that read a mirror end by themselves, because their pipes close; one that waits for a host that hangs would not.
 *
 * One `sh` for the whole process, started with the first such child, is told of each child that begins and ends. Its
 * standard input ends with this process, however that ends; then it kills the process groups that are left. A child
 * says itself that it begins: if this process did, it could be killed between the two.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

/** Reads `+ PID` and `- PID`. The list has a space on both sides of each number. */
const WATCHER = `
groups=' '
while read -r change pid; do
  case "$change$groups" in
    +*) groups="$groups$pid " ;;
    -*" $pid "*) groups="\${groups%% $pid *} \${groups#* $pid }" ;;
  esac
done
for pid in $groups; do kill -s KILL -- "-$pid"; done
`;

/** The descriptor of a child at which the watcher listens. */
export const WATCHER_FD = 4;

/** KiB of memory that a child may use: git holds all refs that a host lists, and a host may list them without end. */
const MAX_MEMORY = 2 * 1024 * 1024;

/**
 * Tells the watcher, lets go of it, so that its input can end, and becomes the program. Where less memory is allowed already, or a
 * system has no such limit, that stays.
 */
const STARTER = `ulimit -S -d ${MAX_MEMORY} 2>/dev/null; trap '' PIPE; echo "+ $$" >&${WATCHER_FD}; trap - PIPE; exec "$@" ${WATCHER_FD}>&-`;

/** What the shell calls itself where it cannot start the program. */
const STARTER_NAME = 'modhaven-start';

const SHELL = '/bin/sh';

/** How to start a program so that it is watched. */
export interface WatchedStart {
  program: string;
  args: readonly string[];
  /** What the child has at `WATCHER_FD`; undefined where nothing can watch it. */
  watcher: Socket | undefined;
}

let watcher: ChildProcess | undefined;

/** Has a program killed if this process is; it has to be the leader of its process group. */
export function watchedStart(program: string, args: readonly string[]): WatchedStart {
  watcher ??= start();
  const { stdin } = watcher;
  if (!(stdin instanceof Socket) || !stdin.writable) return { program, args, watcher: undefined };
  return { program: SHELL, args: ['-c', STARTER, STARTER_NAME, program, ...args], watcher: stdin };
}

/** Why the shell could not start the program; undefined where `stderr` is the program's own. */
export function failedStart(stderr: string): string | undefined {
  return /^modhaven-start: (?:.*: )?exec: (.*)$/m.exec(stderr)?.[1];
}

/** To be called when a watched child has ended, because its number may be given to another process. */
export function endWatch({ pid }: ChildProcess): void {
  if (pid !== undefined && watcher?.stdin?.writable === true) watcher.stdin.write(`- ${pid}\n`);
}

function start(): ChildProcess {
  // A group of its own: what ends this process by its group must not end the watcher first.
  const child = spawn(SHELL, ['-c', WATCHER], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH },
  });
  child.on('error', () => undefined); // no sh: then there is no ssh by way of git either
  child.on('exit', () => {
    if (watcher === child) watcher = undefined;
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}
