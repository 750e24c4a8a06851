/**
 * `modhaven trust-host HOST[:PORT]`: records the ssh host keys of a git host once somebody has compared them.
 *
 * Nothing is trusted unseen: a person says yes to the fingerprints, or a script names the one it was told. A key that
 * differs from a recorded one is refused; replacing it is a decision that this command leaves to a person with an editor.
 */
import { loadConfig } from '../config/load-config.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import { parseRepoUrl, type RepoUrl } from '../module/repo-url.js';
import { vcsSettings } from '../config/settings.js';
import { offeredKeys, sshTarget, type SshTarget } from '../vcs/remote/host-keys.js';
import {
  describeHostKey,
  recordKeys,
  recordedKeys,
  type HostKey,
  type RecordedKey,
} from '../vcs/ssh/known-hosts.js';

export interface TrustHostOptions {
  /** `HOST` or `HOST:PORT`, as in the repository's URL. */
  host: string;
  config?: string;
  /** Do not ask; needs `fingerprint`. */
  yes?: boolean;
  /** `SHA256:…`: only the key that has it is recorded. */
  fingerprint?: string;
  /** Shows text and answers whether a person agrees; undefined where there is no terminal. */
  ask: ((text: string) => Promise<boolean>) | undefined;
}

/**
 * What was done as text, and whether the host is trusted now. Throws CONFIG for wrong usage, HOST_REFUSED for a key that
 * is not the expected one, else what keeps ssh from connecting.
 */
export async function trustHost(options: TrustHostOptions): Promise<{ text: string; ok: boolean }> {
  const { fingerprint, yes = false, ask } = options;
  checkUsage(options);
  const repo = parseHost(options.host);
  const settings = vcsSettings(loadConfig(options.config));
  const target = await sshTarget(repo, settings);
  const [file] = target.files;
  if (file === undefined) {
    throw new ModhavenError('CONFIG', `ssh keeps no known hosts for ${options.host}`, {
      remedy: 'set known_hosts_file for the host under vcs.hosts in modhaven.yaml',
    });
  }
  const recorded = await recordedKeys(target.name, target.files);
  const offered = await offeredKeys(repo, target, settings);
  checkRecorded({ host: options.host, target, recorded, offered });
  const isKnown = (key: HostKey) => recorded.some((other) => other.blob === key.blob);

  const wanted = fingerprint === undefined ? offered : matching(offered, fingerprint, options.host);
  const added = wanted.filter((key) => !isKnown(key));
  if (added.length === 0) {
    const files = new Set(recorded.map((key) => key.file));
    return { text: `${options.host} is trusted already, in ${[...files].join(', ')}\n`, ok: true };
  }
  if (!yes) {
    if (ask === undefined) throw nobodyToAsk(options.host, added);
    const question = [
      `The ssh host keys of ${options.host}:`,
      ...added.map((key) => `  ${describeHostKey(key)}`),
      `Compare with what the owner of the host tells you. Write ${counted(added.length)} to ${file}?`,
    ];
    if (!(await ask(question.join('\n')))) return { text: 'nothing was written\n', ok: false };
  }
  await recordKeys(file, target.name, added);
  const lines = added.map((key) => `${describeHostKey(key)} of ${target.name}: written to ${file}\n`);
  return { text: lines.join(''), ok: true };
}

function checkUsage({ host, yes, fingerprint }: TrustHostOptions): void {
  if (yes === true && fingerprint === undefined) {
    throw new ModhavenError('CONFIG', '--yes alone would trust any host that answers', {
      remedy: `write --yes --fingerprint SHA256:… with the fingerprint that the owner of ${host} tells you`,
    });
  }
  if (fingerprint !== undefined && !/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(fingerprint)) {
    throw new ModhavenError('CONFIG', `--fingerprint ${JSON.stringify(fingerprint)} is not a fingerprint`, {
      remedy: 'it is SHA256: and 43 letters and digits, as ssh-keygen -l prints it',
    });
  }
}

/** The host as the address of a repository there, which is what the settings are looked up by. */
function parseHost(host: string): RepoUrl {
  const bad = (cause?: unknown) =>
    new ModhavenError('CONFIG', `${JSON.stringify(host)} is not HOST or HOST:PORT`, {
      remedy: "write host and port as in the repository's URL, without scheme, user and path",
      cause,
    });
  if (!/^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+)(?::\d{1,5})?$/.test(host)) throw bad();
  try {
    return parseRepoUrl(`ssh://${host}/host`, '/');
  } catch (error) {
    throw isModhavenError(error) ? bad(error) : error;
  }
}

interface KeyComparison {
  host: string;
  target: SshTarget;
  recorded: RecordedKey[];
  offered: HostKey[];
}

/** Throws HOST_REFUSED unless the keys are those that were recorded, as far as any were. */
function checkRecorded({ host, target, recorded, offered }: KeyComparison): void {
  const revoked = recorded.find((old) => old.revoked && offered.some((key) => key.blob === old.blob));
  if (revoked !== undefined) {
    throw new ModhavenError('HOST_REFUSED', `the host key of ${host} was revoked`, {
      reason: `${revoked.file}:${revoked.line} says that ${describeHostKey(revoked)} must not be trusted any more`,
      remedy: `ask the owner of ${host} for a new key; nothing was written`,
    });
  }
  const valid = recorded.filter((old) => !old.revoked);
  const other = (old: RecordedKey) =>
    offered.find((key) => key.type === old.type && key.blob !== old.blob) ??
    (valid.some((key) => offered.some(({ blob }) => blob === key.blob)) ? undefined : offered[0]);
  const changed = valid.find(
    (old) => other(old) !== undefined && !offered.some(({ blob }) => blob === old.blob),
  );
  const shown = changed === undefined ? undefined : other(changed);
  if (changed === undefined || shown === undefined) return;
  throw new ModhavenError('HOST_REFUSED', `the host key of ${host} is not the one that was recorded`, {
    reason:
      `${changed.file}:${changed.line} has ${describeHostKey(changed)}, the host shows ${describeHostKey(shown)}: ` +
      'it was reinstalled, or somebody is in between',
    remedy:
      `nothing was written; ask the owner of ${host}, and only if the new fingerprint is right: ` +
      `ssh-keygen -R "${target.name}" -f ${changed.file}, then modhaven trust-host ${host}`,
  });
}

function matching(offered: HostKey[], fingerprint: string, host: string): HostKey[] {
  const keys = offered.filter((key) => key.fingerprint === fingerprint.replace(/=$/, ''));
  if (keys.length > 0) return keys;
  throw new ModhavenError('HOST_REFUSED', `no host key of ${host} has the fingerprint ${fingerprint}`, {
    reason: `it shows ${offered.map(describeHostKey).join(', ')}`,
    remedy: 'nothing was written; check host, port and fingerprint with the owner of the host',
  });
}

function nobodyToAsk(host: string, keys: HostKey[]): ModhavenError {
  return new ModhavenError('CONFIG', `${host} is not trusted yet, and there is no terminal to ask on`, {
    reason: `it shows ${keys.map(describeHostKey).join(', ')}`,
    remedy: `compare with what its owner tells you, then: modhaven trust-host ${host} --yes --fingerprint SHA256:…`,
  });
}

function counted(count: number): string {
  return count === 1 ? 'this key' : 'these keys';
}
