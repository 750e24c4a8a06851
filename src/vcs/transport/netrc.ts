/** Which login of `~/.netrc` a repository gets. */
import { readNetrc, type PasswordLogin } from '../../http/netrc.js';
import { DEFAULT_PORTS, type RepoUrl } from '../../module/repo-url.js';

export type { PasswordLogin } from '../../http/netrc.js';

/** Whether the account's netrc has a login for the host of `repo`, with its port or without. */
export async function hasNetrcLogin(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<boolean> {
  return ((await netrcLogin(repo, env)) ?? (await curlLogin(repo, env))) !== undefined;
}

/** The login that the account's netrc has for exactly the host and port of `repo` (`machine HOST:PORT`). */
export async function netrcLogin(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<PasswordLogin | undefined> {
  const found = (await readNetrc(env)).find(
    (login) => login.machine === hostWithPort(repo) && isFor(repo, login),
  );
  return found && { username: found.username, password: found.password };
}

/** The login that libcurl would show the host of `repo`, whatever its port; none where the address has a password. */
export async function curlLogin(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<PasswordLogin | undefined> {
  if (repo.credentials !== undefined && repo.credentials.password !== '') return undefined;
  const host = repo.host.replace(/^\[|\]$/g, '');
  return (await readNetrc(env)).find(
    (login) => (login.machine === host || login.machine === undefined) && isFor(repo, login),
  );
}

/** A user name in the address says which of several logins is meant. */
function isFor({ credentials }: RepoUrl, { username }: PasswordLogin): boolean {
  return credentials === undefined || credentials.username === username;
}

function hostWithPort({ host, port, scheme }: RepoUrl): string {
  return `${host}:${port ?? DEFAULT_PORTS[scheme]}`;
}
