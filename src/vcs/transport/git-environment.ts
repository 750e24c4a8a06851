/**
 * The environment and the global options every git child gets.
 *
 * Two kinds of children:
 * - *local* ones read a mirror. No configuration of the machine may change what they print, least of all filters and
 *   attributes: the bytes of a zip depend on it (golang/go#27153, #47241).
 * - *network* ones talk to a git host. What works with `git clone` for the account the server runs under works here,
 *   so its git and ssh configuration, netrc and proxy variables are honoured; but nothing may prompt, run a hook,
 *   start housekeeping or use a transport that was not asked for.
 */

import { dirname } from 'node:path';

/** Variables that reach network children if they are set. Everything else stays with us. */
const PASSED_ON = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'XDG_CONFIG_HOME', 'SSH_AUTH_SOCK', 'KRB5CCNAME'],
  ...[
    'http_proxy',
    'https_proxy',
    'all_proxy',
    'no_proxy',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
  ],
  ...['GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM', 'GIT_EXEC_PATH'],
  ...['SYSTEMROOT', 'USERPROFILE', 'APPDATA'],
];

export type Environment = Record<string, string>;

/** The environment of a child that reads the mirror `gitDir`. */
export function localEnvironment(gitDir: string, env: NodeJS.ProcessEnv): Environment {
  return {
    ...pick(env, ['PATH', 'TMPDIR', 'GIT_EXEC_PATH', 'SYSTEMROOT']),
    LC_ALL: 'C',
    GIT_DIR: gitDir,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    // A directory may be named `*` or begin with `:`; it is never a pattern.
    GIT_LITERAL_PATHSPECS: '1',
    // A mirror is complete as it is: a missing object must be an answer, not a reason to ask the network.
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_TERMINAL_PROMPT: '0',
  };
}

export interface NetworkChild {
  /** Its working directory: no repository above it is looked at. */
  workDir: string;
  /** The bare repository it writes, if any. */
  gitDir: string | undefined;
  /** What GIT_ALLOW_PROTOCOL takes (`http:https`). */
  protocols: string;
  sshCommand: string;
  /** Variables of the account that an entry of `vcs.hosts` overrules. */
  unset: readonly string[];
}

/** The environment of a child that talks to a host. */
export function networkEnvironment(child: NetworkChild, env: NodeJS.ProcessEnv): Environment {
  const { workDir, gitDir, protocols, sshCommand, unset } = child;
  return {
    ...pick(
      env,
      PASSED_ON.filter((name) => !unset.includes(name)),
    ),
    ...(gitDir === undefined ? {} : { GIT_DIR: gitDir }),
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: protocols,
    GIT_SSH_COMMAND: sshCommand,
    GIT_TERMINAL_PROMPT: '0',
    // Empty, not unset: it also overrules core.askPass and SSH_ASKPASS, which may open a window.
    GIT_ASKPASS: '',
    // The cache may lie inside somebody's checkout, whose configuration is none of our business.
    GIT_CEILING_DIRECTORIES: dirname(workDir),
  };
}

const BIG_FILE = '8m';

/** Options before the git command of every network child. */
export const NETWORK_OPTIONS: readonly string[] = options({
  'core.hooksPath': '/dev/null',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'transfer.bundleURI': 'false',
  'protocol.version': '2',
  // What was received as a pack stays a pack: unpacking big files one by one takes three times as long.
  'fetch.unpackLimit': '1',
  // Bigger files pass through git piece by piece in place of being held whole.
  'core.bigFileThreshold': BIG_FILE,
  'fetch.writeCommitGraph': 'false',
  'fetch.parallel': '1',
});

/**
 * Options of `git archive`, which are those of the go command: line endings are translated on the way in only, so
 * that every machine makes the same archive.
 */
export const ARCHIVE_OPTIONS: readonly string[] = options({
  'core.autocrlf': 'input',
  'core.eol': 'lf',
  // How much of a pack is mapped at once: otherwise all of it.
  'core.packedGitWindowSize': '4m',
  'core.packedGitLimit': '32m',
});

/**
 * Bigger files pass through piece by piece in place of being held whole: when a pack is taken in, and in an archive where
 * no attribute changes content, because git writes a file that it does not hold whole as it is.
 */
export const PIECEMEAL_OPTIONS: readonly string[] = options({ 'core.bigFileThreshold': BIG_FILE });

/** `{ a: 'b' }` → `['-c', 'a=b']`. */
export function options(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Environment {
  const picked: Environment = {};
  for (const name of names) {
    const value = env[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
