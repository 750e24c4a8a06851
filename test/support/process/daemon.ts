/** A program that runs in the foreground until a test stops it: started, waited for, listened to, ended by its id. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stoppable } from '../loopback.js';
import { endAtExit, killGroup, sealedEnv, type Env } from '../run.js';

export interface DaemonOptions {
  cwd?: string;
  /** Added to `sealedEnv()`. */
  env?: Env;
  /** Asked every 30 ms, with both outputs so far, until it says yes. */
  isReady: (log: string) => boolean | Promise<boolean>;
  /** How long to wait for that. Default: a minute, because a machine that does much else is not a failure. */
  startMs?: number;
}

const LAST_WORDS_MS = 2_000;

/** How a daemon ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Daemon extends Stoppable {
  readonly pid: number;
  /** Both outputs since the start. */
  logs(): string;
  /** Sends a signal to the program itself. */
  signal(name: NodeJS.Signals): void;
  /** Settles when the program has ended, and `logs` has what it said. */
  readonly exited: Promise<Exit>;
}

/** Starts a program; throws with its output when it ends or the time is over before it is ready. */
export async function startDaemon(
  cmd: string,
  args: readonly string[],
  options: DaemonOptions,
): Promise<Daemon> {
  const child = spawn(cmd, args, {
    cwd: options.cwd,
    env: sealedEnv(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let log = '';
  const append = (text: string): void => {
    log += text;
  };
  child.stdout.setEncoding('utf8').on('data', append);
  child.stderr.setEncoding('utf8').on('data', append);
  const kill = (): void => killGroup(child.pid, 'SIGKILL');
  endAtExit.add(kill);
  const hasEnded = (): boolean =>
    child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const exited = new Promise<Exit>((resolve) => {
    child.on('error', (error) => {
      append(error.message);
      if (child.pid === undefined) resolve({ code: 127, signal: null });
    });
    child.on('exit', (code, signal) => {
      // Its last words may still be in the pipes; what it started may hold them open.
      const said = new Promise((done) => child.once('close', done));
      void Promise.race([said, sleep(LAST_WORDS_MS, undefined, { ref: false })]).then(() =>
        resolve({ code, signal }),
      );
    });
  });
  const stop = async (): Promise<void> => {
    if (!hasEnded()) child.kill('SIGTERM');
    await Promise.race([exited, sleep(10_000, undefined, { ref: false })]);
    // What it started in turn ends with it, also after an orderly exit.
    kill();
    await exited;
    endAtExit.delete(kill);
  };
  const deadline = Date.now() + (options.startMs ?? 60_000);
  while (!(await options.isReady(log))) {
    if (hasEnded() || Date.now() > deadline) {
      await stop();
      throw new Error(`${cmd} ${args.join(' ')} did not come up:\n${log}`);
    }
    await sleep(30);
  }
  // What answered was another program then.
  if (hasEnded()) throw new Error(`${cmd} ${args.join(' ')} ended at once:\n${log}`);
  return {
    pid: child.pid ?? 0,
    logs: () => log,
    signal: (name) => void child.kill(name),
    exited,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
