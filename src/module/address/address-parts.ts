/**
 * The parts of a repository address (`repo-url.ts`): how each is read, and what is said where it is wrong.
 *
 * `text` is the whole address throughout, for messages.
 */
import { isIPv6 } from 'node:net';
import { ModhavenError } from '../../errors.js';

/** What to write instead of an address that is not understood. */
export const UNDERSTOOD =
  'write an http, https, ssh, git or file URL, user@host:path, or a local path that begins with ./ or /';

/** `user[:password]`, percent-decoded; undefined where none is written. Throws CONFIG. */
export function readLogin(
  text: string,
  raw: string | undefined,
): { user: string; password: string } | undefined {
  if (raw === undefined) return undefined;
  const colon = raw.indexOf(':');
  const user = decode(text, colon < 0 ? raw : raw.slice(0, colon));
  const password = colon < 0 ? '' : decode(text, raw.slice(colon + 1));
  if (user.startsWith('-')) {
    fail(text, 'its user name begins with a dash, which ssh takes for an option', 'correct the user name');
  }
  if (user === '' && password === '') {
    fail(text, 'nothing stands before the @', 'write the user name there, or remove the @');
  }
  return { user, password };
}

/** A host name or address, in lower case. Throws CONFIG. */
export function readHost(text: string, raw: string): string {
  const host = raw.toLowerCase();
  if (host === '') fail(text, 'it names no host', 'write the host after the two slashes');
  if (host.startsWith('-')) {
    fail(text, 'its host begins with a dash, which ssh takes for an option', 'correct the host');
  }
  const address = /^\[(.*)\]$/.exec(host)?.[1];
  if (address === undefined ? !/^[\p{L}\p{N}._-]+$/u.test(host) : !isIPv6(address)) {
    fail(text, `${quote(raw)} is not a host name or address`, 'an IPv6 address stands in brackets: [::1]');
  }
  return host;
}

/** A port; undefined where none is written. Throws CONFIG. */
export function readPort(text: string, raw: string): number | undefined {
  if (raw === '') return undefined;
  const port = /^\d{1,5}$/.test(raw) ? Number(raw) : 0;
  if (port < 1 || port > 65535) {
    fail(text, `${quote(raw)} is not a port`, 'write a number from 1 to 65535 after the colon');
  }
  return port;
}

/** The path of a repository, without slashes at its end. Throws CONFIG. */
export function readPath(text: string, raw: string): string {
  decode(text, raw);
  const path = raw.replace(/\/+$/, '');
  if (path === '') fail(text, 'it names a host but no repository', 'add the path of the repository');
  return path;
}

/** Percent-decoding, as git does it before it uses a part; what comes out must be as harmless as what was written. */
export function decode(text: string, part: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(part);
  } catch {
    return fail(text, 'a % in it is not followed by two hexadecimal digits', 'write a plain % as %25');
  }
  if (/\p{Cc}/u.test(decoded)) fail(text, 'it holds an encoded control character', 'remove it');
  return decoded;
}

/** A user name as it stands in a URL. */
export function encodeUser(user: string): string {
  return encodeURIComponent(user).replaceAll('%2B', '+');
}

/** The address without what may be a secret, for messages. */
export function redact(text: string): string {
  return text.replace(/^(https?:\/\/).*@/i, '$1***@').replace(/^([\w+.-]+:\/\/[^/:@]*):[^/]*@/, '$1:***@');
}

/** `text` in quotation marks, with control characters made visible. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Throws CONFIG about the address `text`, with passwords left out. */
export function fail(text: string, reason: string, remedy: string): never {
  throw new ModhavenError('CONFIG', `bad repository address ${quote(redact(text))}`, { reason, remedy });
}

/** What to write in place of an address with spaces: only a URL can say %20, the scp form cannot. */
export function withoutSpaces(text: string): string {
  const [, login, host, path] = /^([^\s:/@]+@)?([^\s:/@]+):(?!\/\/)(.*)$/.exec(text) ?? [];
  if (!/^ *\S.* .*\S *$/.test(text) || /[\p{Cc}\p{Cf}]/u.test(text)) return 'remove it';
  if (host === undefined || path === undefined) return 'write a space as %20';
  const shown = `${login === 'git@' || path.startsWith('/') ? '' : '~/'}${path.replace(/^\/+/, '')}`;
  return `write ${quote(`ssh://${login ?? ''}${host}/${shown.trim().replaceAll(' ', '%20')}`)}`;
}
