/** The address of a repository as git is given it. */
import type { RepoUrl } from '../../module/repo-url.js';

declare const brand: unique symbol;

/** An address that `parseRepoUrl` took, or one that a host redirects to: never an option, a helper or a secret. */
export type RepoAddress = string & { readonly [brand]: 'repository address' };

/** The address of `repo`, with the user name where one is written: it says which login git looks up. */
export function addressOf(repo: RepoUrl): RepoAddress {
  const { credentials, gitUrl } = repo;
  // A repository without all files remembers where it gets them from, and that name cannot begin with a slash.
  if (repo.local) return (repo.bundle ? gitUrl : repo.url) as RepoAddress;
  if (credentials?.password !== '') return gitUrl as RepoAddress;
  return gitUrl.replace('://', `://${encodeURIComponent(credentials.username)}@`) as RepoAddress;
}

/** The address of `repo` without a user name. */
export function plainAddress({ gitUrl }: RepoUrl): RepoAddress {
  return gitUrl as RepoAddress;
}

/** An http or https address that a host redirects to. Throws TypeError for another one. */
export function redirectedAddress(url: string): RepoAddress {
  const { protocol, href } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${protocol} is not http or https`);
  return href as RepoAddress;
}
