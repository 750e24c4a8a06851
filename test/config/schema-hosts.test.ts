import { describe, expect, it } from 'vitest';
import { HostEntry, HostKey } from '../../src/config/schema-hosts.js';

/** Path and message of everything that is wrong. */
function problems(entry: unknown): string[] {
  const { error } = HostEntry.safeParse(entry);
  return (error?.issues ?? []).map((issue) => {
    const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
    return `${issue.path.join('.')}: ${inner ?? issue.message}`;
  });
}

describe('HostEntry', () => {
  it('has no login, checks certificates and sets no option of ssh by default', () => {
    const defaults = { insecure_tls: false, follow_redirects: false, ssh_options: {} };
    expect(HostEntry.parse({})).toEqual(defaults);
    expect(HostEntry.parse({ ssh_options: null })).toEqual(defaults);
  });

  it.each([
    [true, 'yes'],
    [false, 'no'],
    [2, '2'],
    [0, '0'],
    ['+diffie-hellman-group1-sha1', '+diffie-hellman-group1-sha1'],
  ])('hands the option %j to ssh as %j', (written, value) => {
    expect(HostEntry.parse({ ssh_options: { Any: written } }).ssh_options).toEqual({ Any: value });
  });

  it.each(['', 'a\nProxyCommand x', 'a\0'])('refuses the option value %j', (value) => {
    expect(problems({ ssh_options: { Any: value } })).toEqual(['ssh_options.Any: must be one line of text']);
  });

  it.each([
    'ProxyCommand',
    'proxycommand',
    'LOCALCOMMAND',
    'PermitLocalCommand',
    'RemoteCommand',
    'KnownHostsCommand',
  ])('refuses %s, which makes ssh run a command', (name) => {
    expect(problems({ ssh_options: { [name]: 'x' } })).toEqual([
      `ssh_options.${name}: makes ssh run a command and is refused here; set it in ~/.ssh/config`,
    ]);
  });

  it.each(['Proxy Command', 'Proxy=x', '-o', ''])('refuses %j as the name of an option', (name) => {
    expect(problems({ ssh_options: { [name]: 'x' } })[0]).toContain('is not the name of an ssh option');
  });

  it('refuses two answers to one question', () => {
    expect(problems({ token: 'a', token_file: 'b', ca_file: 'c', insecure_tls: true })).toEqual([
      'token_file: stands beside token; keep one of the two',
      'insecure_tls: stands beside ca_file; keep one of the two',
    ]);
    expect(problems({ token: 'a', ca_file: 'c', insecure_tls: false })).toEqual([]);
  });

  it('refuses a line break in what is sent as login', () => {
    expect(problems({ username: 'a\r', token: 'b\n' })).toEqual([
      'username: must be one line of text',
      'token: must be one line of text',
    ]);
  });

  it('refuses keys that it does not know', () => {
    expect(problems({ tokn: 'x' })).toHaveLength(1);
  });
});

describe('HostKey', () => {
  it.each([
    'gitlab.mycompany.com',
    'git_host',
    'bücher.example',
    '10.0.0.1:29418',
    '[::1]',
    '[2001:db8::1]:22',
    'h:65535',
    'h/group',
    'h:8080/group/sub',
    'h/~user',
  ])('takes %s', (key) => {
    expect(HostKey.safeParse(key).success).toBe(true);
  });

  it.each([
    '',
    'https://h',
    'user@h',
    'h:65536',
    'h:',
    'h:x',
    '::1',
    '[10.0.0.1]',
    '[::g]',
    'h/',
    'h//group',
    'h/a?b',
    'h/a#b',
    'h /a',
    'h/a b',
  ])('refuses %j', (key) => {
    expect(HostKey.safeParse(key).error?.issues[0]?.message).toBe(
      "must be HOST, HOST:PORT or one of these with a /path, as in the repository's URL, without scheme",
    );
  });
});
