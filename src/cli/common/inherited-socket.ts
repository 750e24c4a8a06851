/**
 * The listening socket that the service manager opened for this process (sd_listen_fds(3)): it stays open while the process
 * is replaced, so that no connection is refused meanwhile.
 */
import { ModhavenError } from '../../errors.js';

/** A listening socket by its file descriptor. */
export interface InheritedSocket {
  readonly fd: number;
}

/** The first descriptor that is passed on. */
const FIRST_FD = 3;

/**
 * The socket for `pid`; undefined if there is none. Takes the variables out of `env`, so that children do not believe they
 * were meant. Throws CONFIG for more than one socket.
 */
export function takeInheritedSocket(env: NodeJS.ProcessEnv, pid: number): InheritedSocket | undefined {
  const { LISTEN_PID: forPid, LISTEN_FDS: count } = env;
  delete env.LISTEN_PID;
  delete env.LISTEN_FDS;
  delete env.LISTEN_FDNAMES;
  if (forPid !== String(pid) || count === undefined || count === '0') return undefined;
  if (count !== '1') {
    throw new ModhavenError('CONFIG', `the service manager passes ${count} sockets to modhaven`, {
      remedy: 'one ListenStream= in its .socket unit is what modhaven listens at',
    });
  }
  return { fd: FIRST_FD };
}
