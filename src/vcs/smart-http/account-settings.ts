/**
 * Whether the account has settings of its own for how git reaches http hosts: other addresses in place of those in
 * vanity.yaml, certificates, a web proxy in its configuration (see `usesProxy` for the other way) and the like. git knows all of them; where there are any, only git is asked.
 */
import { mkdir } from 'node:fs/promises';
import { networkEnvironment } from '../git-environment.js';
import { runGit } from '../git-exec.js';

/** Variables that say which certificates git believes (git(1), curl(1)). */
const VARIABLES = ['GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR'] as const;

/** Settings, in the spelling of `git config --name-only`; the last two ask for checks that only `git fetch` makes. */
const SETTINGS = '^((http|https|url|protocol|remote)\\.|(fetch|transfer)\\.fsckobjects$)';

/** An edit of ~/.gitconfig counts after this time at the latest. */
const REMEMBERED_MS = 5_000;

const TIMEOUT_MS = 10_000;

/** A function that says whether the account whose environment is `env` has such settings; `dir` is made if it is not there. */
export function createAccountSettings(env: NodeJS.ProcessEnv): (dir: string) => Promise<boolean> {
  const inEnvironment = VARIABLES.some((name) => (env[name] ?? '') !== '');
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

  return (dir) => {
    if (inEnvironment) return Promise.resolve(true);
    if (known === undefined || known.until < Date.now())
      known = { until: Date.now() + REMEMBERED_MS, answer: inConfiguration(dir) };
    return known.answer;
  };
}
