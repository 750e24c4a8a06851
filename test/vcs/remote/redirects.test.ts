import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { judgeRedirect, locationIn, Redirects } from '../../../src/vcs/remote/redirects.js';
import { hostAccess } from '../../../src/vcs/transport/access.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';
import { settingsOf } from '../lab.js';

const QUERY = '/info/refs?service=git-upload-pack';

function judge(from: string, location: string | undefined): string {
  try {
    return judgeRedirect(parseRepoUrl(from, '/'), location, from);
  } catch (error) {
    return error instanceof GitFailure ? error.stderr : String(error);
  }
}

describe('judgeRedirect', () => {
  it.each([
    ['http://h/a.git', `http://h/b.git${QUERY}`, 'http://h/b.git'],
    ['http://h/a.git', `/b.git${QUERY}`, 'http://h/b.git'],
    ['http://ci@h/a.git', `/b.git${QUERY}`, 'http://ci@h/b.git'],
    ['http://h/a.git', `https://h/a.git${QUERY}`, 'https://h/a.git'],
    ['http://h:8080/a.git', `https://h/a.git${QUERY}`, 'fatal: redirect to another origin: https://h'],
    ['https://h/a.git', `http://h/a.git${QUERY}`, 'fatal: redirect to another origin: http://h'],
    ['https://h/a.git', `https://evil/a.git${QUERY}`, 'fatal: redirect to another origin: https://evil'],
    ['https://h/a.git', `https://h:8443/a.git${QUERY}`, 'fatal: redirect to another origin: https://h:8443'],
    ['https://h/a.git', '/users/sign_in?token=x', 'fatal: redirect to a page: https://h/users/sign_in'],
    ['https://h/a.git', undefined, 'fatal: redirect without an address'],
  ])('from %s to %s: %s', (from, location, expected) => {
    expect(judge(from, location)).toBe(expected);
  });
});

describe('locationIn', () => {
  it('reads the last one of a trace', () => {
    const line = (text: string) => `12:00:00.1 http.c:845  <= Recv header: ${text}\n`;
    const trace =
      line('HTTP/1.1 302 Found') + line('Location: /a') + line('location: /b') + '=> Send header: x\n';
    expect(locationIn(trace)).toBe('/b');
    expect(locationIn('')).toBeUndefined();
  });
});

describe('Redirects', () => {
  it('goes on where the host leads to, also the next time, until something is wrong there', async () => {
    const access = await hostAccess(parseRepoUrl('http://h/a.git', '/'), settingsOf(), {});
    const redirects = new Redirects();
    const asked: string[] = [];
    let moved = true;
    const follow = () =>
      redirects.follow({
        access,
        work: (address) => {
          asked.push(address);
          if (address.endsWith('/a.git') === moved) {
            return Promise.reject(new GitFailure('x', 128, 'The requested URL returned error: 301'));
          }
          return Promise.resolve(address);
        },
        look: () => Promise.resolve(`<= Recv header: Location: /${moved ? 'b' : 'a'}.git${QUERY}\n`),
      });
    expect(await follow()).toBe('http://h/b.git');
    expect(await follow()).toBe('http://h/b.git');
    moved = false;
    expect(await follow()).toBe('http://h/a.git');
    expect(asked.map((address) => address.slice(-5))).toEqual(['a.git', 'b.git', 'b.git', 'b.git', 'a.git']);
  });
});
