/**
 * The hosts that modules may be fetched from directly (`direct_hosts`): nothing connects to any other, whatever a path,
 * a page or a redirect says.
 */
import { ModhavenError, isModhavenError } from '../errors.js';
import { DEFAULT_PORTS, parseRepoUrl, type RepoUrl } from '../module/repo-url.js';

/** `HOST`, which means the default port, or `HOST:PORT`; in lower case. */
export type DirectHosts = ReadonlySet<string>;

/** Whether the host of a module path is named. */
export function namesHostOf(hosts: DirectHosts, path: string): boolean {
  return hosts.has(path.split('/', 1)[0] ?? '');
}

/** Whether a page may be asked for: over https, from a named host. */
export function mayAsk(hosts: DirectHosts, url: URL): boolean {
  return url.protocol === 'https:' && url.username === '' && hosts.has(url.host);
}

/** The repository that a page named for `path`. Throws MODULE_NOT_FOUND if it may not be connected to. */
export function allowedRepo(hosts: DirectHosts, text: string, path: string): RepoUrl {
  const refuse = (reason: string) =>
    new ModhavenError('MODULE_NOT_FOUND', `not found: ${path}: its repository is not fetched from here`, {
      reason,
      remedy: 'direct_hosts in modhaven.yaml names the hosts that modules may be fetched from',
      remedyBy: 'admin',
    });
  const repo = read(text, refuse);
  if (repo.scheme !== 'https' && repo.scheme !== 'ssh') {
    throw refuse(`it is at a ${repo.scheme} address, and only https and ssh are asked`);
  }
  if (repo.credentials !== undefined) throw refuse('its address holds a login');
  const port = repo.port === undefined || repo.port === DEFAULT_PORTS[repo.scheme] ? '' : `:${repo.port}`;
  if (!hosts.has(repo.host + port)) throw refuse(`it is on ${repo.host}${port}`);
  return repo;
}

function read(text: string, refuse: (reason: string) => ModhavenError): RepoUrl {
  try {
    return parseRepoUrl(text, '/');
  } catch (error) {
    if (!isModhavenError(error)) throw error;
    throw refuse(error.reason ?? error.message);
  }
}
