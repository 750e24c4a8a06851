/**
 * The ssh command line: the account's own program and settings, with what an entry of `vcs.hosts` adds.
 *
 * git takes `GIT_SSH_COMMAND`, else `core.sshCommand`, else `GIT_SSH`, else `ssh`; so does this. Options are added only for
 * programs that know those of OpenSSH: git tells by the name of the program, by `GIT_SSH_VARIANT` or `ssh.variant`, and else
 * by asking the program (git-config(1), `ssh.variant`).
 */
import { LRUCache } from 'lru-cache';
import { shellWord } from '../../shell-word.js';
import type { AccountConfig } from './account-config.js';
import { accountEnvironment } from './git-environment.js';
import { endsWell } from './run-program.js';

/** What of an entry of `vcs.hosts` ssh is told. */
export interface SshEntry {
  identityFile?: string | undefined;
  knownHostsFile?: string | undefined;
  sshOptions?: Readonly<Record<string, string>> | undefined;
}

export interface SshCommand {
  /** The value of `GIT_SSH_COMMAND`; undefined where the account's settings are left as they are. */
  line: string | undefined;
  /** The program and its arguments, to be started without a shell; undefined where only a shell can read the command. */
  words: readonly string[] | undefined;
}

/** The command for a host with this entry. */
export async function sshCommand(
  entry: SshEntry,
  connectTimeoutMs: number,
  env: NodeJS.ProcessEnv,
  account: AccountConfig,
): Promise<SshCommand> {
  const own = unlessEmpty(env.GIT_SSH_COMMAND) ?? account.sshCommand;
  const program = unlessEmpty(env.GIT_SSH);
  const base = own ?? (program === undefined ? 'ssh' : shellWord(program));
  const args = sshArguments(entry, connectTimeoutMs);
  const line = [base, ...args.map(shellWord)].join(' ');
  if (!(await isOpenSsh(base, line, env, account))) {
    return { line: own, words: undefined };
  }
  const words = plainWords(base);
  return { line, words: words && [...words, ...args] };
}

/**
 * What ssh is told about a host. ssh takes the first value it meets for an option, so what must hold (no prompt, no
 * shared connection that outlives us) stands before the admin's options, and what is only a default after them.
 */
export function sshArguments(entry: SshEntry, connectTimeoutMs: number): string[] {
  const args = ['-o', 'BatchMode=yes', '-o', 'ControlMaster=no'];
  for (const [name, value] of Object.entries(entry.sshOptions ?? {})) args.push('-o', `${name}=${value}`);
  if (entry.identityFile !== undefined) args.push('-i', entry.identityFile, '-o', 'IdentitiesOnly=yes');
  if (entry.knownHostsFile !== undefined) {
    args.push('-o', `UserKnownHostsFile=${sshQuote(entry.knownHostsFile)}`);
  }
  args.push('-o', `ConnectTimeout=${Math.max(1, Math.ceil(connectTimeoutMs / 1000))}`);
  return args;
}

/** How long it is remembered whether a program knows the options of OpenSSH. */
const KNOWN_MS = 5 * 60_000;
const PROBE_MS = 5_000;
const probed = new LRUCache<string, Promise<boolean>>({ max: 100, ttl: KNOWN_MS });

/** Whether the command that begins with `base` knows the options of OpenSSH; `line` is the whole of it. */
function isOpenSsh(
  base: string,
  line: string,
  env: NodeJS.ProcessEnv,
  account: AccountConfig,
): boolean | Promise<boolean> {
  const variant = unlessEmpty(env.GIT_SSH_VARIANT) ?? account.sshVariant;
  if (variant !== undefined && variant !== 'auto') return variant === 'ssh';
  const name = (plainWords(base)?.[0] ?? base.split(/\s/, 1)[0] ?? '').replace(/^.*[/\\]/, '').toLowerCase();
  if (name === 'ssh' || name === 'ssh.exe') return true;
  if (/^(?:plink|putty|tortoiseplink)(?:\.exe)?$/.test(name)) return false;
  let answer = probed.get(line);
  if (answer === undefined) probed.set(line, (answer = answersLikeOpenSsh(line, env)));
  return answer;
}

/** git's own test: OpenSSH prints its configuration for `-G`, and other programs fail. */
function answersLikeOpenSsh(line: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const child = { env: accountEnvironment('/', env), timeoutMs: PROBE_MS };
  return endsWell('sh', ['-c', `${line} -G localhost`], child);
}

/** The words of a command that a shell would not change; undefined where it would, or where it sets variables. */
export function plainWords(command: string): string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*(?:'([^']*)'|([A-Za-z0-9_@%+=:,./-]+))(?=\s|$)/y;
  while (pattern.lastIndex < command.trimEnd().length) {
    const [, quoted, bare] = pattern.exec(command) ?? [];
    const word = quoted ?? bare;
    if (word === undefined) return undefined;
    words.push(word);
  }
  const [program] = words;
  return program === undefined || program.includes('=') ? undefined : words;
}

function unlessEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** ssh splits file lists at spaces unless quoted. */
function sshQuote(file: string): string {
  return /\s/.test(file) ? `"${file}"` : file;
}
