import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { summarizeAccess } from '../../../src/vcs/transport/access-summary.js';
import type { HostEntry } from '../../../src/vcs/transport/access.js';
import { tempDir } from '../../support/tmp.js';

async function summary(url: string, hosts: Record<string, HostEntry>) {
  const home = await tempDir('home');
  await writeFile(path.join(home, '.netrc'), 'machine netrc.corp.test login ci password s3cret\n', {
    mode: 0o600,
  });
  const map = new Map(Object.entries(hosts));
  return summarizeAccess(parseRepoUrl(url, '/'), map, { HOME: home });
}

it.each<[what: string, url: string, hosts: Record<string, HostEntry>, expected: object]>([
  [
    'the token of an entry',
    'https://git.corp.test/x.git',
    { 'git.corp.test': { token: 's3cret' } },
    { hostEntry: 'git.corp.test', credential: 'vcs.hosts.git.corp.test.token', sshOptions: {} },
  ],
  [
    'the login of the account, after an entry without one',
    'https://netrc.corp.test/x.git',
    { 'netrc.corp.test': { insecureTls: true } },
    { hostEntry: 'netrc.corp.test', credential: '~/.netrc', sshOptions: {} },
  ],
  [
    'the token before the login of the account',
    'https://netrc.corp.test/x.git',
    { 'netrc.corp.test': { token: 's3cret' } },
    { hostEntry: 'netrc.corp.test', credential: 'vcs.hosts.netrc.corp.test.token', sshOptions: {} },
  ],
  [
    'nothing',
    'https://git.corp.test/x.git',
    {},
    { hostEntry: undefined, credential: undefined, sshOptions: {} },
  ],
  [
    'the key of an entry, and its options',
    'ssh://git@git.corp.test/x.git',
    { 'git.corp.test': { identityFile: '/k/id', sshOptions: { Ciphers: '+aes256-cbc' } } },
    {
      hostEntry: 'git.corp.test',
      credential: 'vcs.hosts.git.corp.test.identity_file',
      sshOptions: { Ciphers: '+aes256-cbc' },
    },
  ],
  [
    'the keys of the account, for ssh also where a login for http is known',
    'ssh://git@netrc.corp.test/x.git',
    {},
    { hostEntry: undefined, credential: 'the ssh keys of the account', sshOptions: {} },
  ],
  [
    'nothing of a local path',
    'file:///srv/x.git',
    {},
    { hostEntry: undefined, credential: undefined, sshOptions: {} },
  ],
])('names %s', async (_, url, hosts, expected) => {
  const found = await summary(url, hosts);
  expect(found).toEqual(expected);
  expect(JSON.stringify(found)).not.toContain('s3cret');
});
