/**
 * The keys that an ssh host shows.
 *
 * ssh itself is asked what it would do (`ssh -G`), so that the name, port and files are those of its configuration:
 * an alias in ~/.ssh/config works here as it does for git. The keys come from ssh-keyscan, all types at once; but that
 * knows no old key exchange and no jump hosts, so where it finds nothing one connection of ssh is made that gets as
 * far as the host key and offers no login.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModhavenError } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';
import { timerMs } from '../../timers.js';
import { explainGitFailure } from '../failures/git-errors.js';
import { GitFailure } from '../transport/git-exec.js';
import { parseHostKey, type HostKey } from '../ssh/known-hosts.js';
import { findEntry, type HostEntry, type VcsSettings } from '../transport/access.js';
import { sshArguments } from '../transport/ssh-command.js';

/** What ssh does when it is told to connect to a host. */
export interface SshTarget {
  /** The address it connects to. */
  host: string;
  port: number;
  /** The name that known_hosts files have for it: `HOST`, or `[HOST]:PORT` for other ports than 22. */
  name: string;
  /** Files that are looked into, the one that new keys go to first. */
  files: string[];
  /** Whether it is reached without another host or program in between. */
  direct: boolean;
}

/** What `ssh` would do for `repo`, of which only host and port count. Throws HOST_UNREACHABLE without ssh. */
export async function sshTarget(repo: RepoUrl, settings: VcsSettings): Promise<SshTarget> {
  const { entry } = findEntry(repo, settings.hosts);
  const result = await run('ssh', ['-G', ...connectArguments(repo, entry, settings)], LOCAL_TIMEOUT_MS);
  if (result.stdout === '') throw explain(repo, result, settings);
  const values = new Map(
    result.stdout.split('\n').map((line) => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1)];
    }),
  );
  const host = values.get('hostname') ?? bare(repo.host);
  const port = Number(values.get('port') ?? 22);
  const list = (key: string) => (values.get(key) ?? '').split(' ').filter((file) => file.startsWith('/'));
  // ssh prints a name with spaces in it as if it were several.
  const isWhole = values.get('userknownhostsfile') === entry.knownHostsFile;
  const own =
    isWhole && entry.knownHostsFile !== undefined ? [entry.knownHostsFile] : list('userknownhostsfile');
  return {
    host,
    port,
    name: values.get('hostkeyalias') ?? (port === 22 ? host : `[${host}]:${port}`),
    files: [...own, ...list('globalknownhostsfile')],
    direct: !values.has('proxyjump') && !values.has('proxycommand'),
  };
}

/** The keys that the host of `repo` shows, at least one. Throws what keeps ssh from connecting. */
export async function offeredKeys(
  repo: RepoUrl,
  target: SshTarget,
  settings: VcsSettings,
): Promise<HostKey[]> {
  const scanned = target.direct ? await scanKeys(target.host, target.port, settings.connectTimeoutMs) : [];
  return scanned.length > 0 ? scanned : connectForKey(repo, settings);
}

/** What ssh-keyscan finds at `host` within `timeoutMs`, the type that ssh likes best first; empty where it fails. */
export async function scanKeys(host: string, port: number, timeoutMs: number): Promise<HostKey[]> {
  const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)));
  const args = ['-T', seconds, '-p', String(port), '--', bare(host)];
  const { stdout } = await run('ssh-keyscan', args, timerMs(timeoutMs + 1_000));
  return keysIn(stdout).sort((a, b) => rank(a) - rank(b));
}

/** The one key that ssh and the host agree on. */
async function connectForKey(repo: RepoUrl, settings: VcsSettings): Promise<HostKey[]> {
  const { entry } = findEntry(repo, settings.hosts);
  const dir = await mkdtemp(join(tmpdir(), 'modhaven-host-key-'));
  const file = join(dir, 'known_hosts');
  try {
    const before = {
      StrictHostKeyChecking: 'accept-new',
      UserKnownHostsFile: `"${file}"`,
      GlobalKnownHostsFile: '/dev/null',
      HashKnownHosts: 'no',
      UpdateHostKeys: 'no',
      // The key is known before a login, and no login shall follow.
      PreferredAuthentications: 'none',
      PubkeyAuthentication: 'no',
    };
    const args = Object.entries(before).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const connect = [...args, ...connectArguments(repo, entry, settings), 'true'];
    const result = await run('ssh', connect, timerMs(2 * settings.connectTimeoutMs + 1_000));
    const keys = keysIn(await readFile(file, 'utf8').catch(() => ''));
    if (keys.length === 0) throw explain(repo, result, settings);
    return keys;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const LOCAL_TIMEOUT_MS = 10_000;

function connectArguments(repo: RepoUrl, entry: HostEntry, { connectTimeoutMs }: VcsSettings): string[] {
  const port = repo.port === undefined ? [] : ['-p', String(repo.port)];
  return [...sshArguments(entry, connectTimeoutMs), ...port, '--', bare(repo.host)];
}

/** The keys in lines of known_hosts. */
function keysIn(text: string): HostKey[] {
  return text.split('\n').flatMap((line) => parseHostKey(line.slice(line.indexOf(' ') + 1)) ?? []);
}

const PREFERENCE = ['ssh-ed25519', 'ecdsa-sha2', 'ssh-rsa'];

function rank({ type }: HostKey): number {
  const place = PREFERENCE.findIndex((prefix) => type.startsWith(prefix));
  return place < 0 ? PREFERENCE.length : place;
}

/** ssh and ssh-keyscan take an IPv6 address without its brackets. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

interface Output {
  stdout: string;
  stderr: string;
  exitCode: number | undefined;
  timedOut: boolean;
}

function run(program: string, args: readonly string[], timeoutMs: number): Promise<Output> {
  const env = { ...process.env, LC_ALL: 'C' };
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', env } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const words = error !== null && child.pid === undefined ? `cannot run ${program}: not found` : stderr;
      const exitCode = typeof error?.code === 'number' ? error.code : undefined;
      resolve({ stdout, stderr: words, exitCode, timedOut: error?.killed === true });
    });
    child.stdin?.end();
  });
}

function explain(
  repo: RepoUrl,
  { stderr, exitCode, timedOut }: Output,
  settings: VcsSettings,
): ModhavenError {
  const { key: hostKey } = findEntry(repo, settings.hosts);
  const failure = new GitFailure('ssh', exitCode, stderr, timedOut);
  const context = { repo, hostKey, credential: undefined, timeoutMs: settings.connectTimeoutMs };
  const { code, reason, remedy, remedyBy } = explainGitFailure(failure, context);
  const where = repo.port === undefined ? repo.host : `${repo.host}:${repo.port}`;
  return new ModhavenError(code, `cannot get the host keys of ${where}`, {
    reason,
    remedy,
    remedyBy,
    cause: failure,
  });
}
