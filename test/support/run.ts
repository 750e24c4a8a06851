/**
 * Runs one program to its end, sealed off from the account that runs the tests.
 *
 * Nothing of the developer's own settings (proxies, GO*, GIT_*, ~/.netrc, locale) reaches a child, because a test
 * that passes on one machine only is worth nothing. What a child should see, a test passes in `env`.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Variables of a child; `undefined` removes one of the sealed ones. */
export type Env = Record<string, string | undefined>;

export interface RunOptions {
  cwd?: string;
  /** Added to `sealedEnv()`. */
  env?: Env;
  input?: string | Uint8Array;
  /** After this the whole process group is killed. Default: 60 seconds. */
  timeoutMs?: number;
}

export interface RunResult {
  /** Exit status; 124 at the deadline, 127 when the program could not be started, 128 + n for signal n. */
  code: number;
  stdout: string;
  stderr: string;
  /** Standard output before decoding. */
  bytes: Buffer;
}

/** What ends the children that run now, when the test process exits: one listener for all, however many there are. */
export const endAtExit = new Set<() => void>();
process.once('exit', () => endAtExit.forEach((end) => end()));

/** Runs a program. Never throws for what the program does: look at `code`. */
export async function run(
  cmd: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(cmd, args, {
      cwd: options.cwd,
      env: sealedEnv(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      // Its own process group, so that the deadline reaches what it started in turn (go starts git starts ssh).
      detached: true,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    let startError = '';
    const kill = (): void => killGroup(child.pid, 'SIGKILL');
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, options.timeoutMs ?? 60_000);
    endAtExit.add(kill);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => {
      // A program may exit without reading its input.
    });
    child.stdin.end(options.input);
    child.on('error', (error) => (startError = error.message));
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      endAtExit.delete(kill);
      const bytes = Buffer.concat(out);
      let code = status ?? 127;
      if (signal !== null) code = 128 + constants.signals[signal];
      if (startError !== '') code = 127;
      if (timedOut) code = 124;
      resolve({ code, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() + startError });
    });
  });
}

/** Runs a program that must succeed. Answers its standard output; throws with its standard error otherwise. */
export async function mustRun(
  cmd: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(cmd, args, options);
  if (result.code !== 0) {
    throw new Error(`${cmd} ${args.join(' ')} ended with ${result.code}:\n${result.stderr}${result.stdout}`);
  }
  return result.stdout;
}

/** The environment of every child: what a program needs to run at all, fixed words and zone, no user settings. */
export function sealedEnv(extra: Env = {}): NodeJS.ProcessEnv {
  return {
    PATH: `${process.env.PATH ?? ''}:/usr/local/go/bin:/usr/sbin:/sbin`,
    HOME: '/nonexistent',
    TMPDIR: process.env.TMPDIR,
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...extra,
  };
}

/** Sends a signal to a process group; one that is gone already is fine. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: it ended by itself.
  }
}
