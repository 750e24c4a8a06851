/**
 * Whether two addresses mean one repository.
 *
 * A forge tells an http and an ssh address of the repository that was pushed to; the rule has one of them, perhaps in
 * another spelling. The same are: any two of http, https, ssh and the scp form; with and without `.git`, login name and
 * doubled slashes; and over http with and without Gerrit's `/a/`, its tree for those who log in (Gerrit Code Review,
 * "REST API", Authentication). The host must be the same name. Ports count only between addresses of one scheme: the
 * ssh port says nothing about the http port.
 */
import { DEFAULT_PORTS, type RepoUrl } from '../module/repo-url.js';

/** Whether `a` and `b` are the same repository, as far as addresses can tell. */
export function isSameRepo(a: RepoUrl, b: RepoUrl): boolean {
  if (a.host !== b.host || a.local !== b.local) return false;
  if (a.scheme === b.scheme && portOf(a) !== portOf(b)) return false;
  const paths = repoPaths(b);
  return repoPaths(a).some((path) => paths.includes(path));
}

/**
 * The names a host may know `repo` by: its path, decoded, without slashes around it and without `.git`. Two where
 * `/a/` may be Gerrit's prefix or a group of that name.
 */
export function repoPaths({ scheme, path }: Pick<RepoUrl, 'scheme' | 'path'>): string[] {
  const name = repoName(scheme === 'file' ? path : decodeURIComponent(path));
  return scheme.startsWith('http') && name.startsWith('a/') ? [name, name.slice(2)] : [name];
}

/** The path of a repository in its plain form: `/go//foo.git/` and `/~/go/foo.git` → `go/foo`. */
export function repoName(path: string): string {
  return path
    .replace(/\/{2,}/g, '/')
    .replace(/^\/(?:~\/)?|\/$/g, '')
    .replace(/\.git$/, '');
}

function portOf({ scheme, port }: RepoUrl): number {
  return port ?? DEFAULT_PORTS[scheme];
}
