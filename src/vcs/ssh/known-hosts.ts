/**
 * Host keys, and the known_hosts files they are recorded in (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
 *
 * Looking up is left to ssh-keygen, which knows hashed names and patterns; a file only ever grows by whole lines.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModhavenError, errorMessage } from '../../errors.js';
import { endsInLine } from '../../fs/line-end.js';
import { makeFolder, makePrivateFolder } from '../../fs/make-folder.js';

/** A public key that a host shows. */
export interface HostKey {
  /** As in the file: `ssh-ed25519`. */
  type: string;
  /** Base64. */
  blob: string;
  /** `SHA256:…`, as ssh prints it. */
  fingerprint: string;
}

/** A key that a file has for a host. */
export interface RecordedKey extends HostKey {
  file: string;
  line: number;
  /** `@revoked`: never to be trusted. */
  revoked: boolean;
}

const LOOKUP_TIMEOUT_MS = 10_000;

/** Reads the part of a known_hosts line after the host names; undefined if it is not a key. */
export function parseHostKey(text: string): HostKey | undefined {
  const [, type, blob] = /^([a-z][\w@.-]+) ([A-Za-z0-9+/]{16,}={0,2})(?: |$)/.exec(text.trim()) ?? [];
  if (type === undefined || blob === undefined) return undefined;
  const sum = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64');
  return { type, blob, fingerprint: `SHA256:${sum.replace(/=+$/, '')}` };
}

/** `ED25519 SHA256:…`: the name that ssh has for the type, and the fingerprint. */
export function describeHostKey({ type, fingerprint }: HostKey): string {
  const name = type.replace(/^(?:ssh|ecdsa)-|@.*$/g, '').replace(/^sha2-nistp\d+$/, 'ecdsa');
  return `${name.toUpperCase()} ${fingerprint}`;
}

/** The keys that `files` hold for `name` (`HOST`, or `[HOST]:PORT` for other ports than 22). */
export async function recordedKeys(name: string, files: readonly string[]): Promise<RecordedKey[]> {
  const found: RecordedKey[] = [];
  for (const file of files) {
    const output = await new Promise<string>((resolve) => {
      // It fails where there is no file or no such host: nothing is recorded either way.
      execFile('ssh-keygen', ['-F', name, '-f', file], { timeout: LOOKUP_TIMEOUT_MS }, (_error, stdout) =>
        resolve(stdout),
      );
    });
    let line = 0;
    for (const text of output.split('\n')) {
      line = Number(/^# Host .* found: line (\d+)/.exec(text)?.[1] ?? line);
      const [, marker = '', rest = ''] = /^(?:(@[\w-]+) )?[^#\s]\S* (.*)$/.exec(text) ?? [];
      const key = parseHostKey(rest);
      if (key === undefined || marker === '@cert-authority') continue;
      found.push({ ...key, file, line, revoked: marker === '@revoked' });
    }
  }
  return found;
}

/** Adds `keys` of `name` to `file`, which is made for the account alone if need be. Throws CONFIG. */
export async function recordKeys(file: string, name: string, keys: readonly HostKey[]): Promise<void> {
  const lines = keys.map(({ type, blob }) => `${name} ${type} ${blob}\n`).join('');
  try {
    await makeFolder(dirname(dirname(file)));
    await makePrivateFolder(dirname(file));
    // One write: another process that adds to the file at the same time gets its own lines.
    await appendFile(file, `${(await endsInLine(file)) ? '' : '\n'}${lines}`, { mode: 0o600 });
  } catch (error) {
    throw new ModhavenError('CONFIG', `cannot write the known hosts file ${file}`, {
      reason: errorMessage(error),
      remedy: 'run the command as the account modhaven runs under, or set known_hosts_file under vcs.hosts',
      cause: error,
    });
  }
}
