/**
 * The environment and the global options every git child gets.
 *
 * Two kinds of children:
 * - *local* ones read a mirror. No configuration of the machine may change what they print, least of all filters and
 *   attributes: the bytes of a zip depend on it (golang/go#27153, #47241).
 * - *network* ones talk to a git host. What works with `git clone` for the account the server runs under works here,
 *   so they get its environment, minus what could change what git does to this server; and nothing may prompt, run a
 *   hook, start housekeeping or use a transport that was not asked for.
 */

import { dirname } from 'node:path';
import { isSecret } from '../../secrets.js';
import { config } from '../names/git-words.js';

/**
 * Variables that do not reach network children, with the reason. Everything else of the account's environment does: a
 * credential helper, an ssh command or a proxy may need variables that cannot be listed here.
 */
const WITHHELD: readonly { names: RegExp; why: string }[] = [
  {
    names:
      /^GIT_(?:DIR|WORK_TREE|IMPLICIT_WORK_TREE|INDEX_FILE|INDEX_VERSION|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|QUARANTINE_PATH|COMMON_DIR|NAMESPACE|PREFIX|INTERNAL_SUPER_PREFIX|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|NO_REPLACE_OBJECTS|DISCOVERY_ACROSS_FILESYSTEM|CEILING_DIRECTORIES|ATTR_SOURCE|TEMPLATE_DIR)$/,
    why: 'they name the repository in which the server was started: git would write there, or read objects from there',
  },
  {
    names: /^GIT_(?:DEFAULT_HASH|DEFAULT_REF_FORMAT|REF_PARANOIA|NO_LAZY_FETCH|FLUSH|OPTIONAL_LOCKS)$/,
    why: 'they change what a repository of ours is made of, or when its objects are fetched',
  },
  {
    names: /^GIT_CONFIG$/,
    why: 'git config would read this file alone, and git fetch would not',
  },
  {
    names: /^GIT_(?:TRACE|TRACE2|TR2)(?:_\w+)?$|^GIT_CURL_VERBOSE$|^GIT_REDIRECT_\w+$|^GIT_TEST_\w+$/,
    why: 'they write what is said to a host, logins included, into files or into the messages that are read here',
  },
  {
    names: /^GIT_(?:PROTOCOL|ALLOW_PROTOCOL|SSH_COMMAND|TERMINAL_PROMPT)$/,
    why: 'set below, from the account and from vcs.hosts',
  },
  {
    names: /^(?:DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|SSH_ASKPASS_REQUIRE|GCM_INTERACTIVE)$|^VSCODE_/,
    why: 'a program that asks a person for a password would open a window and wait for an answer that never comes',
  },
  {
    names: /^(?:LANG|LANGUAGE|LC_\w+)$/,
    why: 'messages are recognised by their English words',
  },
  {
    names: /^MODHAVEN_|^NOTIFY_SOCKET$|^LISTEN_(?:PID|FDS|FDNAMES)$/,
    why: 'settings and secrets of this server, and its channel to what started it',
  },
];

export type Environment = Record<string, string>;

/**
 * The largest piece of memory that git asks for (wrapper.c, memory_limit_check): a pack of 200 bytes may hold an object
 * of gigabytes, which git would put together in memory. No host sends one of more than 512 MiB as a difference to another.
 */
const ALLOCATION: Environment = { GIT_ALLOC_LIMIT: '640m' };

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
    ...ALLOCATION,
  };
}

export interface NetworkChild {
  /** Its working directory: no repository above it is looked at. */
  workDir: string;
  /** The bare repository it writes, if any. */
  gitDir: string | undefined;
  /** What GIT_ALLOW_PROTOCOL takes (`http:https`); undefined: what the account's own git allows. */
  protocols: string | undefined;
  /** Undefined: what the account's own git starts. */
  sshCommand: string | undefined;
  /** Whether the account's programs may be asked for a password (`GIT_ASKPASS`, `core.askPass`). */
  askPass: boolean;
  /** Variables of the account that an entry of `vcs.hosts` overrules. */
  unset: readonly string[];
}

/** The environment of a child that talks to a host. */
export function networkEnvironment(child: NetworkChild, env: NodeJS.ProcessEnv): Environment {
  const { workDir, gitDir, protocols, sshCommand, unset, askPass } = child;
  const environment = {
    ...accountEnvironment(workDir, env),
    ...(gitDir === undefined ? {} : { GIT_DIR: gitDir }),
    ...(protocols === undefined ? pick(env, ['GIT_ALLOW_PROTOCOL']) : { GIT_ALLOW_PROTOCOL: protocols }),
    ...(sshCommand === undefined ? {} : { GIT_SSH_COMMAND: sshCommand }),
    // Empty, not unset: it also overrules core.askPass and SSH_ASKPASS.
    ...(askPass ? {} : { GIT_ASKPASS: '' }),
  };
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !unset.includes(name)));
}

/**
 * What a child in `workDir` gets of the account's environment, and what keeps it from asking a person: there is no
 * terminal (children have a session of their own) and no screen, so a program for passwords can only look them up.
 */
export function accountEnvironment(workDir: string, env: NodeJS.ProcessEnv): Environment {
  const names = Object.keys(env).filter(
    // What `modhaven.yaml` takes from a variable is git's to know only as the login that it is given.
    (name) => !WITHHELD.some((row) => row.names.test(name)) && !isSecret(env[name] ?? ''),
  );
  return {
    ...pick(env, names),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    ...ALLOCATION,
    GCM_INTERACTIVE: 'never',
    // The cache may lie inside a checkout, whose configuration has nothing to do with us.
    GIT_CEILING_DIRECTORIES: dirname(workDir),
  };
}

const BIG_FILE = '8m';

/** Options before the git command of every network child. */
export const NETWORK_OPTIONS = config({
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
export const ARCHIVE_OPTIONS = config({
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
export const PIECEMEAL_OPTIONS = config({ 'core.bigFileThreshold': BIG_FILE });

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Environment {
  const picked: Environment = {};
  for (const name of names) {
    const value = env[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
