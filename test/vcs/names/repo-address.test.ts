import { expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { addressOf, plainAddress, redirectedAddress } from '../../../src/vcs/names/repo-address.js';

it.each([
  ['https://git.corp.test/x.git', 'https://git.corp.test/x.git'],
  ['https://ann@git.corp.test/x.git', 'https://ann@git.corp.test/x.git'],
  ['https://ann:s3cret@git.corp.test/x.git', 'https://git.corp.test/x.git'],
  ['git@git.corp.test:team/x.git', 'git@git.corp.test:team/x.git'],
  ['/srv/git/x.git', 'file:///srv/git/x.git'],
  ['/srv/git/x.bundle', '/srv/git/x.bundle'],
])('%s is given to git as %s', (text, address) => {
  expect(addressOf(parseRepoUrl(text, '/'))).toBe(address);
});

it('is without the user name where git looks up settings for it', () => {
  expect(plainAddress(parseRepoUrl('https://ann@git.corp.test/x.git', '/'))).toBe(
    'https://git.corp.test/x.git',
  );
});

it('takes no redirect but one to http or https', () => {
  expect(redirectedAddress('https://git.corp.test/y.git')).toBe('https://git.corp.test/y.git');
  for (const url of ['ext::sh -c id', 'file:///etc', 'ssh://git.corp.test/x', '--upload-pack=x']) {
    expect(() => redirectedAddress(url)).toThrow(TypeError);
  }
});
