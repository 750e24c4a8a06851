/**
 * The only place that starts git.
 *
 * Three ways: `runGit` for a command that is run to its end, `streamGit` for archives, `converse` for a child that answers
 * many questions. Every child has a deadline and its own process group: git hands the connection to ssh or
 * git-remote-http, and killing git alone would leave a hung one behind. Why there is no library between us and git:
 * docs/decisions/simple-git.md.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { diskReady } from '../../fs/disk-watch.js';
import { measure } from '../../observe/observe.js';
import type { GitInput, GitWord } from '../names/git-words.js';
import type { Environment } from './git-environment.js';
import { WATCHER_FD, endWatch, failedStart, watchedStart } from './orphan-watch.js';

/** A git child that did not end well. `stderr` may hold anything the host said: redact before showing. */
export class GitFailure extends Error {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly timedOut: boolean;

  constructor(what: string, exitCode: number | undefined, stderr: string, timedOut = false) {
    super(
      `git ${what}: ${timedOut ? 'deadline passed' : `exit ${exitCode ?? 'by signal'}`}: ${stderr.trim()}`,
    );
    this.name = 'GitFailure';
    this.exitCode = exitCode;
    this.stderr = stderr;
    this.timedOut = timedOut;
  }
}

/** Git printed more than the caller is willing to hold in memory. */
export class GitOutputTooLarge extends Error {
  constructor(max: number) {
    super(`git printed more than ${max} bytes`);
    this.name = 'GitOutputTooLarge';
  }
}

export interface GitCommand {
  /** Arguments after `git`. Nothing secret: every user of the machine can read them. */
  args: readonly GitWord[];
  cwd: string;
  env: Environment;
  /** Milliseconds until the whole process group is killed. */
  timeoutMs: number;
  /** Standard input; none if absent. */
  input?: GitInput | undefined;
  /** Text the child can read once from file descriptor 3 (a credential: never in argv, environment or a file). */
  secret?: string | undefined;
  /** Bytes of standard output after which the child is killed. */
  maxOutput?: number | undefined;
  /** Told what a child that ended well wrote to standard error. */
  onWarnings?: ((stderr: string) => void) | undefined;
  /** Ends the child; the failure is then the reason of the signal. */
  signal?: AbortSignal | undefined;
  /** Whether it talks to a host, and so may wait for one that hangs. */
  network?: boolean | undefined;
  /** The address of the repository that it talks to, without credentials, for observers. */
  repository?: string | undefined;
}

/** Standard output that is collected in memory is never larger than this (a list of 500,000 refs is 40 MB). */
const MAX_OUTPUT = 64 * 1024 * 1024;

/** At most this much of standard error is kept: enough for any message of git, however much a host talks. */
const MAX_STDERR = 64 * 1024;

/** Runs git to its end and returns standard output. Throws `GitFailure`. */
export function runGit(command: GitCommand): Promise<Buffer> {
  return observed(command, () => run(command));
}

/** Runs `work`, which is a command of git, and tells of it. */
function observed<T>({ args, repository }: GitCommand, work: () => Promise<T>): Promise<T> {
  return measure({ type: 'git', command: commandName(args), repository }, work);
}

/** The command among the arguments of git: `fetch` of `-c a=b fetch --quiet`. */
function commandName(args: readonly string[]): string {
  return args.find((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-c') ?? '';
}

async function run(command: GitCommand): Promise<Buffer> {
  const { signal, cwd } = command;
  await diskReady(cwd); // a child cannot be started in a directory whose disk hangs, and Node waits until it has started
  signal?.throwIfAborted();
  const child = start(command);
  const kill = () => child.kill();
  signal?.addEventListener('abort', kill);
  const output: Buffer[] = [];
  const max = command.maxOutput ?? MAX_OUTPUT;
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= max) output.push(chunk);
    else kill();
  });
  if (command.input !== undefined) {
    child.stdin?.on('error', () => undefined); // the exit code tells why it stopped reading
    child.stdin?.end(command.input);
  }
  try {
    await child.ended;
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (size <= max) throw error;
  } finally {
    signal?.removeEventListener('abort', kill);
  }
  // Also of a child that ended well before it could be killed: what was kept of its output is cut off.
  if (size > max) throw new GitOutputTooLarge(max);
  return Buffer.concat(output);
}

/**
 * Starts git and returns standard output as a stream, which ends only when git ended well and fails with `GitFailure`
 * otherwise: a cut-off archive never looks complete. Destroying the stream ends the child.
 */
export function streamGit(command: GitCommand): Readable {
  const child = start(command);
  const output = new PassThrough({
    flush: (done) => void child.ended.then(() => done(), done),
  });
  output.on('close', () => child.kill());
  // Also where it is not read to the end.
  observed(command, () => child.ended).catch((error: unknown) => output.destroy(error as Error));
  pipeline(child.stdout, output).catch(() => undefined); // the output stream carries the error
  return output;
}

/** A child that answers what is written to its standard input. Its owner sets the deadlines, and kills it. */
export interface Conversation {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Rejects with `GitFailure` unless it ended well. */
  readonly ended: Promise<void>;
  kill(): void;
  /** Whether this process stays alive for it. */
  keepAlive(needed: boolean): void;
}

/** Starts git for a conversation. */
export function converse(command: Pick<GitCommand, 'args' | 'cwd' | 'env' | 'network'>): Conversation {
  return conversation(start(command, 'open'));
}

/** The same with the ssh that git would start, and its arguments. */
export function converseOverSsh(
  command: Pick<GitCommand, 'cwd' | 'env'> & { program: string; args: readonly string[] },
): Conversation {
  return conversation(start({ ...command, network: true }, 'open'));
}

function conversation(child: RunningChild): Conversation {
  return {
    ...child,
    stdin: child.stdin ?? new PassThrough(), // none where git cannot be started; `ended` says so
    keepAlive(needed) {
      for (const handle of child.handles) {
        if (needed) handle.ref();
        else handle.unref();
      }
    },
  };
}

/** What runs now. Process groups of their own outlive us unless we end them. */
const running = new Set<ChildProcess>();

/** How many git children run now. */
export function runningGitCount(): number {
  return running.size;
}

process.on('exit', () => {
  for (const child of running) killGroup(child);
});

interface RunningChild {
  stdin: ChildProcess['stdin'];
  stdout: Readable;
  /** Resolves at exit 0 once all output was read. */
  ended: Promise<void>;
  kill(): void;
  /** What keeps the event loop alive. */
  handles: { ref(): unknown; unref(): unknown }[];
}

type Start = Omit<GitCommand, 'timeoutMs' | 'args'> & {
  args: readonly string[];
  timeoutMs?: number;
  program?: string;
};

function start(
  command: Start,
  input: 'none' | 'open' = command.input === undefined ? 'none' : 'open',
): RunningChild {
  const { program = 'git' } = command;
  const child = spawnGroup(command, program, input);
  running.add(child);
  // Absent where not even pipes could be made (too many open files); the `error` event says so.
  const stdout = (child.stdout as Readable | null | undefined) ?? Readable.from([]);
  const what = commandName(command.args);
  let closed = false;
  const kill = () => {
    if (!closed) killGroup(child);
  };
  let timedOut = false;
  const giveUp = () => {
    timedOut = true;
    kill();
    // A descendant that left the group may hold the pipes open; it is not waited for.
    stdout.destroy(new GitFailure(what, undefined, stderr, true));
    child.stderr?.destroy();
  };
  const deadline = command.timeoutMs === undefined ? undefined : setTimeout(giveUp, command.timeoutMs);

  stdout.on('error', () => undefined); // `ended` tells the same
  let stderr = '';
  (child.stderr as Readable | null | undefined)?.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_STDERR) stderr += text.slice(0, MAX_STDERR - stderr.length);
  });
  const pipe =
    command.secret === undefined ? undefined : (child.stdio as ChildProcess['stdio'] | undefined)?.[3];
  if (pipe instanceof Writable) {
    pipe.on('error', () => undefined); // a host that asks for nothing leaves it unread
    pipe.end(command.secret);
  }

  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (error) => {
      closed = true;
      running.delete(child);
      if (command.network === true) endWatch(child);
      clearTimeout(deadline);
      reject(new GitFailure(what, undefined, startFailure(program, command.cwd, error)));
    });
    child.on('close', (code) => {
      closed = true;
      running.delete(child);
      if (command.network === true) endWatch(child);
      clearTimeout(deadline);
      if (code === 0 && !timedOut) {
        command.onWarnings?.(stderr);
        resolve();
      } else {
        const reason = command.network === true ? failedStart(stderr) : undefined;
        const words = reason === undefined ? stderr : startFailure(program, command.cwd, new Error(reason));
        reject(new GitFailure(what, code ?? undefined, words, timedOut));
      }
    });
  });
  ended.catch(() => undefined); // a caller need not wait for the end
  const pipes = [child.stdin, child.stdout, child.stderr].filter((stream) => stream instanceof Socket);
  const handles = [child, ...pipes];
  return { stdin: child.stdin, stdout, ended, kill, handles };
}

/** Starts a program in a process group of its own, which ends with this process where it talks to a host. */
function spawnGroup(command: Start, program: string, input: 'none' | 'open'): ChildProcess {
  const { cwd, env, args, secret, network = false } = command;
  const watched = network ? watchedStart(program, args) : { program, args, watcher: undefined };
  const stdio: (Socket | 'pipe' | 'ignore')[] = [
    input === 'none' ? 'ignore' : 'pipe',
    'pipe',
    'pipe',
    secret === undefined ? 'ignore' : 'pipe',
  ];
  if (watched.watcher !== undefined) stdio[WATCHER_FD] = watched.watcher;
  return spawn(watched.program, watched.args, { cwd, env, stdio, detached: true });
}

/** node says `spawn git ENOENT` as well for a directory that is gone: in git's words, so that both mean the same. */
function startFailure(program: string, cwd: string, error: Error): string {
  if (!existsSync(cwd)) return `fatal: not a git repository: '${cwd}'`;
  return program === 'git' ? `cannot start git: ${error.message}` : `cannot run ${program}: ${error.message}`;
}

/** The group outlives its leader as long as a descendant runs; only a closed child has none that matters. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone in the meantime.
  }
}
