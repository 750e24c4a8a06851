/**
 * A git host over ssh: a real OpenSSH sshd on loopback over a folder of repositories, read-only.
 * `ssh://USER@HOST:PORT/team/x.git` and `USER@HOST:team/x.git` are both `ROOT/team/x.git`, as on a forge.
 *
 * The legacy modes offer what old Gerrit servers do and current clients refuse unless told otherwise. A host that is
 * legacy in both ways refuses twice, one after the other: first the key exchange, and with that allowed the host key.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { startDaemon, type Daemon } from '../process/daemon.js';
import { freePort } from '../loopback.js';
import { programPath } from '../requirements.js';
import { mustRun, run, sealedEnv, type Env } from '../run.js';
import { tempDir } from '../tmp.js';

/** `kex`: SHA-1 key exchange only. `hostkey`: ssh-rsa (SHA-1) host key only. `legacy`: both. */
export type SshdMode = 'modern' | 'kex' | 'hostkey' | 'legacy';

export interface SshdOptions {
  mode?: SshdMode;
  /** Default: any free port. */
  port?: number;
  /**
   * Whether the host accepts the variable by which git asks for its protocol v2. OpenSSH does not unless told so; without
   * it, no commit is handed out that no ref points at. Default: true.
   */
  protocolV2?: boolean;
  /** `uploadpack.allowFilter` of the repositories. Default: true. */
  allowFilter?: boolean;
  /** `MaxStartups` of sshd_config(5). Default: more connections than a test makes. */
  maxStartups?: string;
  /** `git` makes that login exist for this sshd alone (see `withGitAccount`). Default: the current user. */
  user?: 'git';
}

export interface SshdHost extends Daemon {
  readonly port: number;
  readonly host: '127.0.0.1';
  readonly user: string;
  /** The private key that is let in, without a passphrase. */
  readonly identityFile: string;
  /** Holds the keys of this host and no other. */
  readonly knownHostsFile: string;
  /** `ssh://USER@HOST:PORT/PATH`. */
  url(repository: string): string;
  /** GIT_SSH_COMMAND for git and go: this key, these known hosts, no user settings, plus `-o` options given here. */
  gitEnv(options?: Record<string, string>): Env;
  /** Every command that a client asked for since the start. */
  commands(): Promise<string[]>;
}

const SHA1_KEX = 'diffie-hellman-group14-sha1,diffie-hellman-group1-sha1';

/** Serves the repositories below `root`. Needs sshd; `user: 'git'` needs root and mount namespaces, too. */
export async function sshdHost(root: string, options: SshdOptions = {}): Promise<SshdHost> {
  const dir = await tempDir('sshd');
  const port = options.port ?? (await freePort());
  const mode = options.mode ?? 'modern';
  const sha1HostKey = mode === 'hostkey' || mode === 'legacy';
  const user = options.user ?? userInfo().username;
  const file = (name: string): string => path.join(dir, name);
  const hostKey = sha1HostKey ? 'host_rsa' : 'host_ed25519';
  await Promise.all([hostKey, 'id'].map(async (name) => generateKey(file(name))));
  await writeFile(file('commands'), '');
  await writeFile(file('git-only'), forcedCommand(root, file('commands'), options.allowFilter ?? true), {
    mode: 0o755,
  });
  const clientKey = await readFile(file('id.pub'), 'utf8');
  await writeFile(file('authorized_keys'), `restrict,command="${file('git-only')}" ${clientKey}`);
  const hostPublicKey = await readFile(file(`${hostKey}.pub`), 'utf8');
  await writeFile(file('known_hosts'), `[127.0.0.1]:${port} ${hostPublicKey}`);
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    `AuthorizedKeysFile ${file('authorized_keys')}`,
    `HostKey ${file(hostKey)}`,
    ...(mode === 'kex' || mode === 'legacy' ? [`KexAlgorithms ${SHA1_KEX}`] : await quickKex()),
    ...(sha1HostKey ? ['HostKeyAlgorithms ssh-rsa'] : []),
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PidFile none',
    // By default sshd turns connections away at random where ten have not logged in yet.
    `MaxStartups ${options.maxStartups ?? '1000'}`,
    // A bash that sshd starts reads ~/.bashrc. That of the account belongs to no test, and may take a second.
    `SetEnv HOME=${dir}`,
    ...((options.protocolV2 ?? true) ? ['AcceptEnv GIT_PROTOCOL'] : []),
    ...(await noPenalties()),
  ];
  await writeFile(file('sshd_config'), `${config.join('\n')}\n`);

  const sshd = [programPath('sshd') ?? 'sshd', '-D', '-e', '-f', file('sshd_config')];
  // As root, sshd insists on the directory that its service would make.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const [cmd = '', ...args] = options.user === 'git' ? await withGitAccount(dir, sshd) : sshd;
  const daemon = await startDaemon(cmd, args, {
    isReady: (log) => log.includes('Server listening on'),
  });
  return {
    ...daemon,
    host: '127.0.0.1',
    port,
    user,
    identityFile: file('id'),
    knownHostsFile: file('known_hosts'),
    url: (repository) => `ssh://${user}@127.0.0.1:${port}/${repository}`,
    gitEnv: (extra = {}) => {
      const settings = {
        IdentitiesOnly: 'yes',
        UserKnownHostsFile: file('known_hosts'),
        BatchMode: 'yes',
        ...extra,
      };
      const flags = Object.entries(settings).map(([key, value]) => `-o ${key}=${value}`);
      return { GIT_SSH_COMMAND: `ssh -F /dev/null -i ${file('id')} ${flags.join(' ')}` };
    },
    commands: async () => (await readFile(file('commands'), 'utf8')).split('\n').slice(0, -1),
  };
}

async function generateKey(file: string): Promise<void> {
  const type = file.endsWith('_rsa') ? ['-t', 'rsa', '-b', '2048'] : ['-t', 'ed25519'];
  await mustRun('ssh-keygen', ['-q', ...type, '-N', '', '-C', 'modhaven test', '-f', file]);
}

/** Whatever the client asks for, this runs: fetching from below `root` and nothing else. */
function forcedCommand(root: string, log: string, allowFilter: boolean): string {
  return `#!/bin/sh
PATH='${sealedEnv().PATH ?? ''}'
printf '%s\\n' "$SSH_ORIGINAL_COMMAND" >>'${log}'
case $SSH_ORIGINAL_COMMAND in
  "git-upload-pack '"*"'") repository=\${SSH_ORIGINAL_COMMAND#*\\'} ;;
  *) echo 'this host only serves git fetch' >&2; exit 128 ;;
esac
repository=\${repository%\\'}
case /$repository/ in */../*) echo 'no way up from here' >&2; exit 128 ;; esac
exec git -c uploadpack.allowFilter=${allowFilter} -c safe.directory='*' upload-pack '${root}'/"\${repository#/}"
`;
}

/** From 9.8 on, sshd shuts out an address after a few failed logins, which tests of failed logins would run into. */
async function noPenalties(): Promise<string[]> {
  return isAtLeast(await sshVersion(), [9, 8]) ? ['PerSourcePenalties no'] : [];
}

/**
 * The default of 9.0 to 9.8 takes both sides some 50 ms of processor time a connection, and this none. Later ones have
 * another default, and warn of this.
 */
async function quickKex(): Promise<string[]> {
  return isAtLeast(await sshVersion(), [9, 9]) ? [] : ['KexAlgorithms curve25519-sha256'];
}

type Release = readonly [major: number, minor: number];

/** That of the client, which comes from the same package as the server. */
async function sshVersion(): Promise<Release> {
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec((await run('ssh', ['-V'])).stderr) ?? [];
  return [Number(major), Number(minor)];
}

function isAtLeast([major, minor]: Release, [wantedMajor, wantedMinor]: Release): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/**
 * A command that runs `sshd` where a login `git` exists: in a mount namespace of its own, in which copies of passwd
 * and shadow with one more line cover the machine's. Nothing outside of it changes.
 */
async function withGitAccount(dir: string, sshd: readonly string[]): Promise<string[]> {
  const passwd = path.join(dir, 'passwd');
  const shadow = path.join(dir, 'shadow');
  await writeFile(passwd, `git:x:0:0::${dir}:/bin/sh\n${await readFile('/etc/passwd', 'utf8')}`);
  // `*` is not a password, whereas sshd takes `!` for a locked account.
  await writeFile(shadow, `git:*:19000:0:99999:7:::\n${await readFile('/etc/shadow', 'utf8')}`, {
    mode: 0o600,
  });
  const script = 'mount --bind "$0" /etc/passwd && mount --bind "$1" /etc/shadow && shift && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, passwd, shadow, ...sshd];
}
