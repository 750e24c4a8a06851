/**
 * Whether `~/.netrc` has a login for a host.
 *
 * git leaves that file to libcurl, which reads it as ftp(1) describes it: words separated by white space, `machine
 * HOST` or `default` before each login, a `#` before a comment, a macro up to the next empty line. Ports are no part of it.
 * We never read what follows a host: the name of the file is all that anybody is told.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Whether git finds a login for `host` (lower case, an IPv6 address in brackets) in the account's netrc. */
export async function hasNetrcLogin(host: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const file = join(env.HOME ?? homedir(), '.netrc');
  const text = await readFile(file, 'utf8').catch(() => '');
  return netrcHosts(text).some((name) => name === undefined || name === host.replace(/^\[|\]$/g, ''));
}

/** The hosts that `text` has logins for, in lower case; undefined stands for any (`default`). */
export function netrcHosts(text: string): (string | undefined)[] {
  const lines = text.replace(/\r\n?/g, '\n').replace(/(^|\s)macdef\s[\s\S]*?(?:\n\n|$)/g, '$1');
  const words = lines
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []);
  const hosts: (string | undefined)[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    if (word === 'default') hosts.push(undefined);
    else if (word === 'machine') hosts.push(unquote(words[(i += 1)] ?? '').toLowerCase());
    else if (TAKES_VALUE.has(word)) i += 1; // a password may be spelled "machine"
  }
  return hosts;
}

const TAKES_VALUE: ReadonlySet<string> = new Set(['login', 'password', 'account']);

function unquote(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word;
}
