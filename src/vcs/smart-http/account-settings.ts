/**
 * Whether the account has settings of its own for how git reaches http hosts: a web proxy, other addresses in place of
 * those in vanity.yaml, client certificates and the like. git knows all of them; where there are any, only git is asked.
 */
import { networkEnvironment } from '../git-environment.js';
import { runGit } from '../git-exec.js';

/** Variables that curl or git's http part read (git(1), curl(1)). */
const VARIABLES =
  /^(?:(?:http|https|all)_proxy|HTTPS_PROXY|ALL_PROXY|GIT_SSL_\w+|SSL_CERT_FILE|SSL_CERT_DIR|GIT_PROXY_\w+)$/;

/** Settings, in the spelling of `git config --name-only`. */
const SETTINGS = '^(http|https|url|protocol|remote)\\.';

/** An edit of ~/.gitconfig counts after this time at the latest. */
const REMEMBERED_MS = 5_000;

const TIMEOUT_MS = 10_000;

/** A function that says whether the account whose environment is `env` has such settings; `dir` must exist. */
export function createAccountSettings(env: NodeJS.ProcessEnv): (dir: string) => Promise<boolean> {
  const inEnvironment = Object.entries(env).some(([name, value]) => VARIABLES.test(name) && value !== '');
  let known: { until: number; answer: Promise<boolean> } | undefined;

  async function inConfiguration(dir: string): Promise<boolean> {
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

  return (dir) => {
    if (inEnvironment) return Promise.resolve(true);
    if (known === undefined || known.until < Date.now())
      known = { until: Date.now() + REMEMBERED_MS, answer: inConfiguration(dir) };
    return known.answer;
  };
}
