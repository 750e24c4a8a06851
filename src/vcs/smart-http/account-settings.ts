/**
 * Whether the account has settings of its own for how git reaches http hosts: a web proxy, other addresses in place of
 * those in vanity.yaml, client certificates and the like. git knows all of them; where there are any, only git is asked.
 */
import type { RepoUrl } from '../../module/repo-url.js';
import type { ReadAccountConfig } from '../transport/account-config.js';
import { usesProxy } from '../transport/reachability.js';

/** Variables that curl or git's http part read (git(1), curl(1)), beside those that name a web proxy. */
const VARIABLES = /^(?:GIT_SSL_\w+|SSL_CERT_FILE|SSL_CERT_DIR|GIT_PROXY_\w+|GIT_HTTP_\w+|GIT_SMART_HTTP)$/;

/** Whether there are settings that may count for `remote`; `dir` is made if need be. */
export type AccountSettings = (remote: RepoUrl, dir: string) => Promise<boolean>;

/** Looks at the account whose environment is `env`. */
export function createAccountSettings(env: NodeJS.ProcessEnv, account: ReadAccountConfig): AccountSettings {
  const inEnvironment = Object.entries(env).some(([name, value]) => VARIABLES.test(name) && value !== '');
  return async (remote, dir) => {
    if (inEnvironment || usesProxy(remote, env)) return true;
    return (await account(dir)).hasHttpSettings;
  };
}
