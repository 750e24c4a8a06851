import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasNetrcLogin, netrcHosts } from '../../src/vcs/netrc.js';
import { tempDir } from '../support/tmp.js';

describe('netrcHosts', () => {
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
    expect(netrcHosts(text)).toEqual(hosts);
  });
});

describe('hasNetrcLogin', () => {
  it('looks into the home of the account', async () => {
    const home = await tempDir('netrc');
    expect(await hasNetrcLogin('a.corp', { HOME: home })).toBe(false);
    await writeFile(path.join(home, '.netrc'), 'machine a.corp login x password y\nmachine ::1 login x');
    expect(await hasNetrcLogin('a.corp', { HOME: home })).toBe(true);
    expect(await hasNetrcLogin('b.corp', { HOME: home })).toBe(false);
    expect(await hasNetrcLogin('[::1]', { HOME: home })).toBe(true);
  });
});
