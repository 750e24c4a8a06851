/**
 * Ends git children that talk to a host when this process is killed with SIGKILL, which it cannot notice itself. Children
 * that read a mirror end by themselves, because their pipes close; one that waits for a host that hangs would not.
 *
 * One `sh` for the whole process, started with the first such child, is told of each child that begins and ends. Its
 * standard input ends with this process, however that ends; then it kills the process groups that are left.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

/** Reads `+ PID` and `- PID`. The list has a space on both sides of each number. */
const SCRIPT = `
groups=' '
while read -r change pid; do
  case $change in
    +) groups="$groups$pid " ;;
    -) groups="\${groups%% $pid *} \${groups#* $pid }" ;;
  esac
done
for pid in $groups; do kill -s KILL -- "-$pid"; done
`;

let watcher: ChildProcess | undefined;

/** Has the process group of `child` killed if this process is, until the function that is returned is called. */
export function watchGroup(child: ChildProcess): () => void {
  const { pid } = child;
  if (pid === undefined) return () => undefined;
  tell(`+ ${pid}\n`);
  return () => tell(`- ${pid}\n`);
}

function tell(line: string): void {
  watcher ??= start();
  if (watcher.stdin?.writable === true) watcher.stdin.write(line);
}

function start(): ChildProcess {
  // A group of its own: what ends this process by its group must not end the watcher first.
  const child = spawn('sh', ['-c', SCRIPT], {
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
