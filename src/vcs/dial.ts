/**
 * Whether a host answers at all.
 *
 * git over http waits more than two minutes for an address where packets vanish, and no option of git shortens that
 * (`http.lowSpeedTime` begins after connecting). A connection of our own tells in `vcs.connect_timeout`.
 */
import { connect } from 'node:net';
import { ModhavenError } from '../errors.js';
import type { RepoUrl } from '../module/repo-url.js';

/** Throws HOST_TIMEOUT if the host of an http repository stays silent. Any answer, a refusal too, is left to git. */
export async function dial(repo: RepoUrl, timeoutMs: number, env: NodeJS.ProcessEnv): Promise<void> {
  if ((repo.scheme !== 'http' && repo.scheme !== 'https') || usesProxy(repo, env)) return;
  const port = repo.port ?? (repo.scheme === 'https' ? 443 : 80);
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: repo.host.replace(/^\[|\]$/g, ''), port });
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.on('connect', () => finish(true));
    socket.on('error', () => finish(true));
  });
  if (answered) return;
  throw new ModhavenError('HOST_TIMEOUT', `cannot read ${repo.url}`, {
    reason: `${repo.host}:${port} did not answer within ${Math.ceil(timeoutMs / 1000)} s (vcs.connect_timeout)`,
    remedy:
      'check that the host is up, that no firewall drops the packets, and that VPN and routes of the modhaven server lead there',
  });
}

/** With a web proxy in between, whether the host answers is the proxy's to find out. */
function usesProxy(repo: RepoUrl, env: NodeJS.ProcessEnv): boolean {
  const name = repo.scheme === 'https' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy'];
  return [...name, 'all_proxy', 'ALL_PROXY'].some((variable) => (env[variable] ?? '') !== '');
}
