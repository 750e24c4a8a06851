/** The file as the go command uses it; what git makes of it is in `vcs/transport/netrc.test.ts`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { netrcLoginFor, parseNetrc, readNetrc } from '../../src/http/netrc.js';
import { tempDir } from '../support/tmp.js';

describe('parseNetrc', () => {
  it.each([
    ['login me password x', []],
    ['machine', [{ machine: '', username: '', password: '' }]],
    ['machine a login', [{ machine: 'a', username: '', password: '' }]],
    ['machine a login me\nlogin you', [{ machine: 'a', username: 'you', password: '' }]],
    ['default login me', [{ machine: undefined, username: 'me', password: '' }]],
    ['machine a\n# login me\nlogin you', [{ machine: 'a', username: 'you', password: '' }]],
    ['machine a password p#w', [{ machine: 'a', username: '', password: 'p#w' }]],
    ['machine a login "m e" password ""', [{ machine: 'a', username: 'm e', password: '' }]],
    ['machine a login x unknown y', [{ machine: 'a', username: 'x', password: '' }]],
    ['machine a login x\nmacdef m\nmachine b', [{ machine: 'a', username: 'x', password: '' }]],
  ])('%j', (text, logins) => {
    expect(parseNetrc(text)).toEqual(logins);
  });
});

describe('netrcLoginFor', () => {
  let home: string;
  let other: string;
  beforeAll(async () => {
    home = await tempDir('netrc');
    other = join(home, 'other');
    await writeFile(
      join(home, '.netrc'),
      [
        'machine a.corp login host password 1',
        'machine a.corp:8443 login port password 2',
        'machine b.corp:443 login tls password 3',
        'default login all password 4',
      ].join('\n'),
    );
    await writeFile(other, 'machine a.corp login other password 5');
  });
  const login = async (url: string, env: NodeJS.ProcessEnv = {}) =>
    (await netrcLoginFor(new URL(url), { HOME: home, ...env }))?.username;

  it.each([
    ['https://a.corp/x', 'host'],
    ['https://A.corp/x', 'host'],
    ['https://a.corp:8443/x', 'port'],
    ['https://a.corp:9000/x', 'host'],
    ['https://b.corp/x', 'tls'],
    ['https://b.corp:8443/x', undefined],
    ['https://sub.a.corp/x', undefined],
    ['http://a.corp/x', undefined],
  ])('for %s is %j', async (url, username) => {
    expect(await login(url)).toBe(username);
  });

  it('is read where NETRC says, if it says anything', async () => {
    expect(await login('https://a.corp', { NETRC: other })).toBe('other');
    expect(await login('https://a.corp', { NETRC: '' })).toBe('host');
    expect(await login('https://a.corp', { NETRC: join(home, 'missing') })).toBeUndefined();
  });

  it('of the account is the file in its home, whatever NETRC says', async () => {
    expect((await readNetrc({ HOME: home, NETRC: other })).map(({ username }) => username)).toEqual([
      'host',
      'port',
      'tls',
      'all',
    ]);
    expect(await readNetrc({ HOME: join(home, 'missing') })).toEqual([]);
  });
});
