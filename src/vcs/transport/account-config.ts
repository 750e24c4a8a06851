/**
 * What the account's own configuration of git says about reaching hosts: other addresses in place of those in vanity.yaml
 * (`url.*.insteadOf`), a command in place of ssh, and settings for http, which this program leaves to git.
 *
 * git is asked once and its answer kept for some seconds, so an edit of ~/.gitconfig takes effect without a restart.
 */
import { mkdir } from 'node:fs/promises';
import { monotonicNow } from '../../concurrency/monotonic-clock.js';
import { git } from '../names/git-words.js';
import { accountEnvironment } from './git-environment.js';
import { runGit } from './git-exec.js';

export interface AccountConfig {
  /** The value of `core.sshCommand`; undefined where it is not set. */
  sshCommand: string | undefined;
  /** The value of `ssh.variant`, likewise. */
  sshVariant: string | undefined;
  /** Whether there is a setting that changes how http hosts are asked, or what is checked of what they send. */
  hasHttpSettings: boolean;
  /** Each `insteadOf` with the base that takes its place, in the order of the files. */
  rewrites: readonly { insteadOf: string; base: string }[];
}

/** The configuration of an account that has none. */
export const NO_CONFIG: AccountConfig = {
  sshCommand: undefined,
  sshVariant: undefined,
  hasHttpSettings: false,
  rewrites: [],
};

/** Reads the configuration; `dir` is where git runs, made if need be. */
export type ReadAccountConfig = (dir: string) => Promise<AccountConfig>;

/** Settings, in the spelling of `git config`; the last two ask for checks that only `git fetch` makes. */
const SETTINGS = git`^((http|https|url|protocol|remote)\\.|core\\.sshcommand$|ssh\\.variant$|(fetch|transfer)\\.fsckobjects$)`;

/** An edit of ~/.gitconfig takes effect after this time at the latest. */
const REMEMBERED_MS = 5_000;

const TIMEOUT_MS = 10_000;

/** Reads what is configured for the account whose environment is `env`. */
export function createAccountConfig(env: NodeJS.ProcessEnv): ReadAccountConfig {
  let known: { until: number; config: Promise<AccountConfig> } | undefined;
  return (dir) => {
    if (known === undefined || known.until < monotonicNow()) {
      known = { until: monotonicNow() + REMEMBERED_MS, config: readConfig(env, dir) };
    }
    return known.config;
  };
}

async function readConfig(env: NodeJS.ProcessEnv, dir: string): Promise<AccountConfig> {
  // Where it cannot be made, the command that needs it says so.
  await mkdir(dir, { recursive: true }).catch(() => undefined);
  const args = git`config --null --get-regexp ${SETTINGS}`;
  try {
    const output = await runGit({ args, cwd: dir, env: accountEnvironment(dir, env), timeoutMs: TIMEOUT_MS });
    return parseAccountConfig(output.toString('utf8'));
  } catch (error) {
    // Exit 1 says that there is nothing. A configuration that git cannot read is git's to complain about.
    const isEmpty = (error as { exitCode?: number }).exitCode === 1;
    return isEmpty ? NO_CONFIG : { ...NO_CONFIG, hasHttpSettings: true };
  }
}

/** Reads the output of `git config --null`: `KEY\nVALUE\0`, section and variable names in lower case. */
export function parseAccountConfig(output: string): AccountConfig {
  const settings = output.split('\0').flatMap((entry) => {
    const [key = '', ...value] = entry.split('\n');
    return key === '' ? [] : [{ key, value: value.join('\n') }];
  });
  const last = (key: string) => {
    const value = settings.findLast((setting) => setting.key === key)?.value;
    return value === '' ? undefined : value;
  };
  return {
    sshCommand: last('core.sshcommand'),
    sshVariant: last('ssh.variant'),
    hasHttpSettings: settings.some(({ key }) => key !== 'core.sshcommand' && key !== 'ssh.variant'),
    rewrites: settings.flatMap(({ key, value }) => {
      const base = /^url\.(.*)\.insteadof$/s.exec(key)?.[1];
      return base === undefined || value === '' ? [] : [{ insteadOf: value, base }];
    }),
  };
}

/** The address that git uses in place of `address` (git-config(1), `url.<base>.insteadOf`: the longest match wins). */
export function rewriteAddress(address: string, { rewrites }: AccountConfig): string {
  let longest: AccountConfig['rewrites'][number] | undefined;
  for (const rewrite of rewrites) {
    const isLonger = rewrite.insteadOf.length > (longest?.insteadOf.length ?? 0);
    if (isLonger && address.startsWith(rewrite.insteadOf)) longest = rewrite;
  }
  return longest === undefined ? address : longest.base + address.slice(longest.insteadOf.length);
}
