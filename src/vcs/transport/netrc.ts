/** Which login of `~/.netrc` a repository gets. */
import { readNetrc, type Login } from '../../http/netrc.js';
import { DEFAULT_PORTS, type RepoUrl } from '../../module/repo-url.js';

export type { Login } from '../../http/netrc.js';

/** Whether the account's netrc has a login for the host of `repo`, with its port or without. */
export async function hasNetrcLogin(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<boolean> {
  const machines = [undefined, repo.host.replace(/^\[|\]$/g, ''), hostWithPort(repo)];
  return (await readNetrc(env)).some(({ machine }) => machines.includes(machine));
}

/** The login that the account's netrc has for exactly the host and port of `repo` (`machine HOST:PORT`). */
export async function netrcLogin(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<Login | undefined> {
  const found = (await readNetrc(env)).find(({ machine }) => machine === hostWithPort(repo));
  return found && { username: found.username, password: found.password };
}

/** The login that libcurl would show the host of `repo`, whatever its port; none where the address has one. */
export async function curlLogin(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<Login | undefined> {
  if (repo.credentials !== undefined) return undefined;
  const host = repo.host.replace(/^\[|\]$/g, '');
  return (await readNetrc(env)).find(({ machine }) => machine === host || machine === undefined);
}

function hostWithPort({ host, port, scheme }: RepoUrl): string {
  return `${host}:${port ?? DEFAULT_PORTS[scheme]}`;
}
