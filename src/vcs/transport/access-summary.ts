/** What is used to reach a repository, in names that may be shown: never a secret, never a file's content. */
import type { RepoUrl } from '../../module/repo-url.js';
import { hasNetrcLogin } from './netrc.js';
import { credentialName, findEntry, type VcsSettings } from './access.js';

export interface AccessSummary {
  /** The key under `vcs.hosts` that applies; undefined if none does. */
  hostEntry: string | undefined;
  /** Where the login comes from: `vcs.hosts.HOST.token`, `~/.netrc`; undefined if modhaven knows of none. */
  credential: string | undefined;
  /** The entry's `ssh_options`; empty unless the repository is reached over ssh. */
  sshOptions: Readonly<Record<string, string>>;
}

/** What applies to `repo` with these settings, in the order in which the login is looked for. */
export async function summarizeAccess(
  repo: RepoUrl,
  hosts: VcsSettings['hosts'],
  env: NodeJS.ProcessEnv = process.env,
): Promise<AccessSummary> {
  const { key, entry, found } = findEntry(repo, hosts);
  const hostEntry = found && !repo.local ? key : undefined;
  if (repo.scheme === 'ssh') {
    const ownKey = 'the ssh keys of the account';
    const credential = entry.identityFile === undefined ? ownKey : `vcs.hosts.${key}.identity_file`;
    return { hostEntry, credential, sshOptions: entry.sshOptions ?? {} };
  }
  const isHttp = repo.scheme === 'http' || repo.scheme === 'https';
  const ours = credentialName(repo, key, entry);
  const netrc = ours === undefined && isHttp && (await hasNetrcLogin(repo, env));
  return { hostEntry, credential: netrc ? '~/.netrc' : ours, sshOptions: {} };
}
