/**
 * Whether the account has settings of its own for how git reaches http hosts: a web proxy, other addresses in place of
 * those in vanity.yaml, client certificates and the like. git knows all of them; where there are any, only git is asked.
 */
import { mkdir } from 'node:fs/promises';
import { monotonicNow } from '../../concurrency/monotonic-clock.js';
import type { RepoUrl } from '../../module/repo-url.js';
import { usesProxy } from '../transport/reachability.js';
import { networkEnvironment } from '../transport/git-environment.js';
import { runGit } from '../transport/git-exec.js';

/** Variables that curl or git's http part read (git(1), curl(1)), beside those that name a web proxy. */
const VARIABLES = /^(?:GIT_SSL_\w+|SSL_CERT_FILE|SSL_CERT_DIR|GIT_PROXY_\w+)$/;

/** Settings, in the spelling of `git config --name-only`; the last two ask for checks that only `git fetch` makes. */
const SETTINGS = '^((http|https|url|protocol|remote)\\.|(fetch|transfer)\\.fsckobjects$)';

/** An edit of ~/.gitconfig counts after this time at the latest. */
const REMEMBERED_MS = 5_000;

const TIMEOUT_MS = 10_000;

/** Whether there are settings that may count for `remote`; `dir` is made if need be. */
export type AccountSettings = (remote: RepoUrl, dir: string) => Promise<boolean>;

/** Looks at the account whose environment is `env`. */
export function createAccountSettings(env: NodeJS.ProcessEnv): AccountSettings {
  const inEnvironment = Object.entries(env).some(([name, value]) => VARIABLES.test(name) && value !== '');
  let known: { until: number; answer: Promise<boolean> } | undefined;

  async function inConfiguration(dir: string): Promise<boolean> {
    await mkdir(dir, { recursive: true });
    const childEnv = networkEnvironment(
      { workDir: dir, gitDir: undefined, protocols: '', sshCommand: '', unset: [] },
      env,
    );
    const args = ['config', '--name-only', '--get-regexp', SETTINGS];
    const found = runGit({ args, cwd: dir, env: childEnv, timeoutMs: TIMEOUT_MS });
    return found.then(
      (names) => names.length > 0,
      // Exit 1 says that there are none. A configuration that git cannot read is git's to complain about.
      (error: unknown) => (error as { exitCode?: number }).exitCode !== 1,
    );
  }

  return (remote, dir) => {
    if (inEnvironment || usesProxy(remote, env)) return Promise.resolve(true);
    if (known === undefined || known.until < monotonicNow()) {
      known = { until: monotonicNow() + REMEMBERED_MS, answer: inConfiguration(dir) };
    }
    return known.answer;
  };
}
