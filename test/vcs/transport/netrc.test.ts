import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { parseNetrc } from '../../../src/http/netrc.js';
import { hasNetrcLogin, netrcLogin } from '../../../src/vcs/transport/netrc.js';
import { tempDir } from '../../support/tmp.js';

describe('parseNetrc', () => {
  it.each<{ name: string; text: string; hosts: (string | undefined)[] }>([
    { name: 'nothing', text: '', hosts: [] },
    { name: 'one line', text: 'machine a.corp login me password x\n', hosts: ['a.corp'] },
    {
      name: 'several lines',
      text: 'machine\n  A.corp\n login me\r\nmachine b login x',
      hosts: ['a.corp', 'b'],
    },
    { name: 'any host', text: 'machine a login x\ndefault login y', hosts: ['a', undefined] },
    { name: 'quotes', text: 'machine "a" login "machine b" password "x \\" machine c"', hosts: ['a'] },
    { name: 'a password spelled machine', text: 'machine a login machine password default', hosts: ['a'] },
    { name: 'comments', text: '# machine a\nmachine b login x', hosts: ['b'] },
    {
      name: 'a macro',
      text: 'machine a login x\nmacdef init\nmachine b\n\nmachine c login x',
      hosts: ['a', 'c'],
    },
  ])('reads $name', ({ text, hosts }) => {
    expect(parseNetrc(text).map(({ machine }) => machine)).toEqual(hosts);
  });
});

it('reads login and password, in any order, and what is missing as empty', () => {
  expect(parseNetrc('machine a password "p \\" q" login me account x\nmachine b login you\n')).toEqual([
    { machine: 'a', username: 'me', password: 'p " q' },
    { machine: 'b', username: 'you', password: '' },
  ]);
});

describe('in the home of the account', () => {
  const has = (url: string, home: string) => hasNetrcLogin(parseRepoUrl(url, '/'), { HOME: home });
  const login = (url: string, home: string) => netrcLogin(parseRepoUrl(url, '/'), { HOME: home });

  it('is nothing without the file', async () => {
    const home = await tempDir('netrc');
    expect(await has('http://a.corp/x', home)).toBe(false);
    expect(await login('http://a.corp/x', home)).toBeUndefined();
  });

  it('has logins by host, and by host and port', async () => {
    const home = await tempDir('netrc');
    const text =
      'machine a.corp login x password y\nmachine ::1 login x\nmachine p.corp:8080 login me password pw\n';
    await writeFile(path.join(home, '.netrc'), `${text}machine s.corp:443 login me password tls\n`);
    expect(await has('http://a.corp/x', home)).toBe(true);
    expect(await has('http://a.corp:8080/x', home)).toBe(true);
    expect(await has('http://b.corp/x', home)).toBe(false);
    expect(await has('http://[::1]/x', home)).toBe(true);
    expect(await has('http://p.corp:8080/x', home)).toBe(true);
    expect(await has('http://p.corp/x', home)).toBe(false);
    expect(await login('http://p.corp:8080/x', home)).toEqual({ username: 'me', password: 'pw' });
    expect(await login('https://s.corp/x', home)).toEqual({ username: 'me', password: 'tls' });
    expect(await login('http://s.corp/x', home)).toBeUndefined();
    // libcurl's to use, not ours:
    expect(await login('http://a.corp/x', home)).toBeUndefined();
  });
});
