import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { networkEnvironment } from '../../../src/vcs/transport/git-environment.js';
import { NO_CONFIG } from '../../../src/vcs/transport/account-config.js';
import { hostAccess, type HostAccess, type HostEntry } from '../../../src/vcs/transport/access.js';
import { tempDir } from '../../support/tmp.js';
import { settingsOf } from '../lab.js';

async function access(
  url: string,
  hosts: Record<string, HostEntry> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<HostAccess> {
  return hostAccess(parseRepoUrl(url, '/'), settingsOf(hosts), env);
}

/** Redirects are followed by this program, see remote/redirects.ts. */
const STAY = ['-c', 'http.followRedirects=false'];

const HELPER = '!f() { test "$1" = get && cat <&3; }; f';

describe('hostAccess, http', () => {
  it('asks for nothing without an entry', async () => {
    expect(await access('https://git.example.com/x.git')).toMatchObject({
      hostKey: 'git.example.com',
      credential: undefined,
      options: STAY,
      secret: undefined,
      protocols: 'https',
      redirects: 'same-host',
      askPass: true,
      unset: [],
    });
  });

  it('binds a token to scheme, host and port, and forgets the helpers of the account', async () => {
    const hosts = { 'git.example.com:8443': { token: 'canary' } };
    const found = await access('https://git.example.com:8443/x.git', hosts);
    expect(found).toMatchObject({
      hostKey: 'git.example.com:8443',
      secret: 'username=oauth2\npassword=canary\n',
      options: [
        ...['-c', 'credential.helper='],
        ...['-c', `credential.https://git.example.com:8443.helper=${HELPER}`],
        ...STAY,
      ],
      askPass: false,
    });
    expect(found.credential).not.toContain('canary');
    expect(found.options.join(' ')).not.toContain('canary');
  });

  it.each([
    { name: 'the port written', url: 'http://h.example.com:80/x', wins: 'port' },
    { name: 'the port of the scheme', url: 'http://h.example.com/x', wins: 'port' },
    { name: 'another port', url: 'http://h.example.com:8080/x', wins: 'host' },
    { name: 'another scheme', url: 'https://h.example.com/x', wins: 'host' },
  ])('prefers HOST:PORT to HOST: $name', async ({ url, wins }) => {
    const hosts = { 'h.example.com': { token: 'host' }, 'h.example.com:80': { token: 'port' } };
    expect((await access(url, hosts)).secret).toBe(`username=oauth2\npassword=${wins}\n`);
  });

  it.each([
    { name: 'user and password', login: 'ci:pw', secret: 'username=ci\npassword=pw\n' },
    { name: 'a user, whose token is in the entry', login: 'ci', secret: 'username=ci\npassword=token\n' },
  ])('takes from the address: $name', async ({ login, secret }) => {
    const hosts = { 'h.example.com': { username: 'other', token: 'token' } };
    expect((await access(`https://${login}@h.example.com/x`, hosts)).secret).toBe(secret);
  });

  it.each([
    { url: 'https://h.corp/team/a/lib.git', key: 'h.corp/team/a' },
    { url: 'https://h.corp/team/b/lib.git', key: 'h.corp/team' },
    { url: 'https://h.corp/team/exact.git', key: 'h.corp/team/exact' },
    { url: 'https://h.corp/teams/lib.git', key: 'h.corp' },
    { url: 'https://h.corp/other.git', key: 'h.corp' },
    { url: 'https://h.corp:8443/team/a/lib.git', key: 'h.corp:8443/team/a' },
    { url: 'ssh://git@h.corp/team/a/lib.git', key: 'h.corp/team/a' },
  ])('takes the entry of the longest path for $url', async ({ url, key }) => {
    const keys = ['h.corp', 'h.corp/team', 'h.corp/team/a', 'h.corp/team/exact', 'h.corp:8443/team/a'];
    const hosts = Object.fromEntries(keys.map((name) => [name, { token: `token of ${name}` }]));
    const found = await access(url, hosts);
    expect(found.hostKey).toBe(key);
    if (url.startsWith('https')) expect(found.secret).toContain(`password=token of ${key}\n`);
  });

  it('takes a login with a port from the netrc of the account', async () => {
    const home = await tempDir('netrc');
    await writeFile(path.join(home, '.netrc'), 'machine h.corp:8080 login me password canary\n');
    expect(await access('http://h.corp:8080/x.git', {}, { HOME: home })).toMatchObject({
      credential: '~/.netrc',
      secret: 'username=me\npassword=canary\n',
    });
    const entry = { 'h.corp:8080': { token: 'entry' } };
    expect((await access('http://h.corp:8080/x.git', entry, { HOME: home })).secret).toContain('entry');
    expect((await access('http://h.corp/x.git', {}, { HOME: home })).secret).toBeUndefined();
  });

  it('takes the login that the address names, and leaves its password to git where no file of ours has it', async () => {
    const home = await tempDir('netrc');
    const netrc = ['bob', 'alice'].map((name) => `machine h.corp:8080 login ${name} password pw-${name}\n`);
    await writeFile(path.join(home, '.netrc'), netrc.join(''));
    expect(await access('http://alice@h.corp:8080/x.git', {}, { HOME: home })).toMatchObject({
      address: 'http://alice@h.corp:8080/x.git',
      secret: 'username=alice\npassword=pw-alice\n',
    });
    expect(await access('http://carol@h.corp:8080/x.git', {}, { HOME: home })).toMatchObject({
      address: 'http://carol@h.corp:8080/x.git',
      secret: undefined,
      askPass: true,
    });
    expect((await access('http://u:pw@h.corp/x.git')).address).toBe('http://h.corp/x.git');
  });

  it.each([
    ['https', 'https://h.corp/', 'ssh://git@other.corp:2222/', 'other.corp:2222', undefined],
    ['https', 'https://h.corp/', 'https://mirror.corp/h/', 'mirror.corp', 'https'],
    ['http', 'https://h.corp/', 'http://mirror.corp/', 'mirror.corp', 'http:https'],
    ['a helper', 'https://h.corp/', 'codecommit::eu-1://', 'h.corp', undefined],
    ['nothing', 'https://other/', 'ssh://other/', 'h.corp', 'https'],
  ])("reaches what the account's insteadOf names: %s", async (_, insteadOf, base, hostKey, protocols) => {
    const account = { ...NO_CONFIG, hasHttpSettings: true, rewrites: [{ insteadOf, base }] };
    const repo = parseRepoUrl('https://h.corp/x.git', '/');
    const found = await hostAccess(
      repo,
      settingsOf({ 'other.corp:2222': { identityFile: '/id' } }),
      {},
      account,
    );
    expect(found).toMatchObject({ address: 'https://h.corp/x.git', hostKey, protocols });
    if (hostKey.startsWith('other')) expect(found.sshCommand).toContain(' -i /id ');
  });

  it('reads a token file each time', async () => {
    const tokenFile = path.join(await tempDir('token'), 'token');
    const hosts = { 'h.example.com': { username: 'ci', tokenFile } };
    for (const token of ['first', 'second']) {
      await writeFile(tokenFile, `${token}\n`);
      expect((await access('https://h.example.com/x', hosts)).secret).toBe(
        `username=ci\npassword=${token}\n`,
      );
    }
    await expect(
      access('https://h.example.com/x', { 'h.example.com': { tokenFile: `${tokenFile}.gone` } }),
    ).rejects.toMatchObject({
      code: 'HOST_REFUSED',
      remedy: expect.stringContaining('token_file') as string,
    });
  });

  it('lets ca_file overrule the environment, and insecure_tls turn the check off for this host', async () => {
    const env = { PATH: '/bin', GIT_SSL_CAINFO: '/old.pem', SSL_CERT_FILE: '/old.pem' };
    const found = await access(
      'https://h.example.com:8443/x',
      { 'h.example.com': { caFile: '/etc/ca file.pem' } },
      { ...env, GIT_SSL_NO_VERIFY: '1' },
    );
    expect(found.options).toEqual([
      ...['-c', 'http.https://h.example.com:8443.sslCAInfo=/etc/ca file.pem'],
      ...['-c', 'http.https://h.example.com:8443.sslVerify=true'],
      ...STAY,
    ]);
    const insecure = await access('https://h.example.com/x', { 'h.example.com': { insecureTls: true } });
    expect(insecure.options).toContain('http.https://h.example.com.sslVerify=false');
    const child = networkEnvironment({ ...found, workDir: '/cache/vcs', gitDir: undefined }, env);
    expect(child).toMatchObject({ PATH: '/bin', GIT_ALLOW_PROTOCOL: 'https' });
    expect(Object.keys(child).filter((name) => name.includes('SSL'))).toEqual([]);
  });
});

describe('hostAccess, ssh', () => {
  const FIRST = 'ssh -o BatchMode=yes -o ControlMaster=no';
  const rows: { name: string; entry: HostEntry; env?: NodeJS.ProcessEnv; command: RegExp | string }[] = [
    { name: 'no entry', entry: {}, command: `${FIRST} -o ConnectTimeout=5` },
    {
      name: 'a key in a path with spaces',
      entry: { identityFile: "/etc/my keys/it's" },
      command: `${FIRST} -i '/etc/my keys/it'\\''s' -o IdentitiesOnly=yes -o ConnectTimeout=5`,
    },
    {
      name: 'known hosts in a path with spaces',
      entry: { knownHostsFile: '/etc/my keys/known' },
      command: `${FIRST} -o 'UserKnownHostsFile="/etc/my keys/known"' -o ConnectTimeout=5`,
    },
    {
      name: "the admin's options before our defaults, after what must hold",
      entry: {
        sshOptions: { KexAlgorithms: '+a', ConnectTimeout: '1', BatchMode: 'no' },
        identityFile: '/id',
      },
      command: `${FIRST} -o KexAlgorithms=+a -o ConnectTimeout=1 -o BatchMode=no -i /id -o IdentitiesOnly=yes -o ConnectTimeout=5`,
    },
    {
      name: "the account's own ssh command",
      entry: {},
      env: { GIT_SSH_COMMAND: 'ssh -F /etc/other' },
      command: 'ssh -F /etc/other -o BatchMode=yes -o ControlMaster=no -o ConnectTimeout=5',
    },
    {
      name: 'nothing for the shell to run',
      entry: { sshOptions: { ProxyCommand: 'nc %h $(id); `id`' } },
      command: `${FIRST} -o 'ProxyCommand=nc %h $(id); \`id\`' -o ConnectTimeout=5`,
    },
  ];
  it.each(rows)('$name', async ({ entry, env, command }) => {
    const found = await access('ssh://git@h.example.com:29418/x', { 'h.example.com:29418': entry }, env);
    expect(found).toMatchObject({ options: [], secret: undefined, protocols: 'ssh', sshCommand: command });
  });

  it('finds the entry of the scp form under the host and under port 22', async () => {
    const hosts = { 'h.example.com:22': { identityFile: '/id' } };
    expect((await access('git@h.example.com:x.git', hosts)).sshCommand).toContain(' -i /id ');
    expect((await access('git@other.example.com:x.git', hosts)).hostKey).toBe('other.example.com');
  });
});
