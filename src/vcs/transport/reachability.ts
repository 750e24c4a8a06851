/**
 * Whether a host answers at all.
 *
 * git over http waits more than two minutes for an address where packets vanish, and no option of git shortens that
 * (`http.lowSpeedTime` begins after connecting). A connection of our own tells in `vcs.connect_timeout`.
 */
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ModhavenError } from '../../errors.js';
import { DEFAULT_PORTS, type RepoUrl } from '../../module/repo-url.js';

/**
 * Throws HOST_TIMEOUT if the host of an http repository stays silent, HOST_UNREACHABLE if no way leads there (which git
 * reports like a closed port). Any answer, a refusal too, is left to git.
 */
export async function checkReachable(
  repo: RepoUrl,
  timeoutMs: number,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if ((repo.scheme !== 'http' && repo.scheme !== 'https') || usesProxy(repo, env)) return;
  const port = repo.port ?? DEFAULT_PORTS[repo.scheme];
  const outcome = await new Promise<ConnectOutcome>((resolve) => {
    const host = repo.host.replace(/^\[|\]$/g, '');
    const options = {
      host,
      port,
      // Of several addresses each gets its time: a quarter of a second, as node has it, is less than one lost packet.
      autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(timeoutMs / 2)),
    };
    // git waits for a TLS handshake as long as for a connection. Whether the certificate is right, git will tell.
    const tls = { ...options, rejectUnauthorized: false, servername: isIP(host) === 0 ? host : '' };
    const socket = repo.scheme === 'https' ? connectTls(tls) : connect(options);
    const finish = (result: ConnectOutcome) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => finish('silent'));
    socket.on(repo.scheme === 'https' ? 'secureConnect' : 'connect', () => finish('answered'));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(isNoRoute(error) ? 'no route' : 'answered'));
  });
  if (outcome === 'answered') return;
  if (outcome === 'no route') {
    throw new ModhavenError('HOST_UNREACHABLE', `cannot read ${repo.url}`, noRoute(`${repo.host}:${port}`));
  }
  throw silentHost(repo, timeoutMs);
}

/** The words for an address without a route to it. git over http reports it like a closed port, so it is told apart here. */
export function noRoute(address: string): { reason: string; remedy: string; remedyBy: 'admin' } {
  return {
    reason: `there is no way from the modhaven server to ${address}`,
    remedy: 'check routes and VPN of the server (WireGuard: the address must be in AllowedIPs of a peer)',
    remedyBy: 'admin',
  };
}

/** The error for a host that does not answer in `vcs.connect_timeout`. */
export function silentHost(repo: RepoUrl, timeoutMs: number): ModhavenError {
  const address = `${repo.host}:${repo.port ?? DEFAULT_PORTS[repo.scheme]}`;
  return new ModhavenError('HOST_TIMEOUT', `cannot read ${repo.url}`, {
    reason: `${address} did not answer within ${Math.ceil(timeoutMs / 1000)} s`,
    remedy:
      'check that the host is up, that no firewall drops the packets, and that VPN and routes of the modhaven server lead there',
    remedyBy: 'admin',
  });
}

type ConnectOutcome = 'answered' | 'silent' | 'no route';

function isNoRoute(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH';
}

/** Whether the environment puts a web proxy in between: then whether the host answers is the proxy's to find out. */
export function usesProxy(repo: RepoUrl, env: NodeJS.ProcessEnv): boolean {
  const name = repo.scheme === 'https' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy'];
  const isSet = [...name, 'all_proxy', 'ALL_PROXY'].some((variable) => (env[variable] ?? '') !== '');
  return isSet && !isExempt(repo.host, env.no_proxy ?? env.NO_PROXY ?? '');
}

/** Whether a `no_proxy` list names the host or a domain above it, as curl reads it. */
function isExempt(host: string, noProxy: string): boolean {
  const names = noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .map((name) => name.replace(/^\./, ''));
  return names.some((name) => name === '*' || (name !== '' && (host === name || host.endsWith(`.${name}`))));
}
