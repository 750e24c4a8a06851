/** A server under test: started by a shell command, its output in a file as an administrator would have it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startDaemon, type Daemon } from '../../test/support/process/daemon.js';
import { freePort } from '../../test/support/loopback.js';
import type { PublicProxy } from '../../test/support/hosts/public-proxy.js';
import type { Env } from '../../test/support/run.js';
import { get } from '../measure/client.js';
import { pinned } from './cores.js';

export interface RunningServer extends Daemon {
  /** `http://127.0.0.1:PORT`, without a slash at the end: a GOPROXY. */
  readonly url: string;
  readonly port: number;
  /** Everything it keeps. */
  readonly dir: string;
  readonly logFile: string;
}

export interface StartOptions {
  /** Where it keeps everything; a directory of an earlier start keeps its cache. */
  dir: string;
  /** The processor it may use; undefined for all. */
  core?: number | undefined;
  /** Server processes, where the program has such a setting. */
  workers?: number;
  /** Where it asks for public modules. Default: nowhere. */
  upstream?: PublicProxy | undefined;
}

/** A GOPROXY server that can be started as often as wanted. */
export interface Contender {
  readonly name: string;
  readonly start: (options: StartOptions) => Promise<RunningServer>;
}

export interface ServerCommand {
  /** For sh. */
  command: string;
  env: Env;
  /** A path that is asked until there is an answer: 200 if `healthy`, anything otherwise. */
  probe: string;
  healthy: boolean;
}

/** Starts a command that listens on PORT, and waits until it answers. Throws with the end of its output. */
export async function startServer(
  { dir, core }: StartOptions,
  make: (port: number) => ServerCommand | Promise<ServerCommand>,
): Promise<RunningServer> {
  const port = await freePort();
  const { command, env, probe, healthy } = await make(port);
  const url = `http://127.0.0.1:${port}`;
  const logFile = path.join(dir, `log-${port}`);
  const [program, ...args] = pinned(core, ['sh', '-c', command]);
  const isReady = async (): Promise<boolean> => {
    const status = await get(`${url}${probe}`).then(
      (answer) => answer.status,
      () => 0,
    );
    return healthy ? status === 200 : status > 0;
  };
  try {
    const redirect = ['-c', 'exec "$@" >>"$LOG" 2>&1', 'sh', program, ...args];
    const daemon = await startDaemon('sh', redirect, { cwd: dir, env: { ...env, LOG: logFile }, isReady });
    return { ...daemon, url, port, dir, logFile };
  } catch (error) {
    const log = await readFile(logFile, 'utf8').catch(() => '');
    throw new Error(`${command} did not start:\n${log.slice(-2_000)}`, { cause: error });
  }
}
