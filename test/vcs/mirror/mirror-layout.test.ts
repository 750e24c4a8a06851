import { expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { isMirrorName, mirrorName, repositoriesOf } from '../../../src/vcs/mirror/mirror-layout.js';

const nameOf = (url: string): string => mirrorName(parseRepoUrl(url, '/'));

it('a mirror is named by the address and the login, whatever the password', () => {
  const name = nameOf('https://git.test/foo.git');
  expect(isMirrorName(name)).toBe(true);
  expect(nameOf('https://git.test/foo.git')).toBe(name);
  const all = ['https://git.test/foo', 'https://me@git.test/foo.git', 'https://you@git.test/foo.git'].map(
    nameOf,
  );
  expect(new Set([name, ...all]).size).toBe(4);
  expect(nameOf('https://me:secret@git.test/foo.git')).toBe(nameOf('https://me:other@git.test/foo.git'));
});

it.each(['a'.repeat(63), 'A'.repeat(64), 'g'.repeat(64), `${'a'.repeat(64)}.tmp`, 'direct'])(
  '%s is not the name of a mirror',
  (name) => expect(isMirrorName(name)).toBe(false),
);

it('a mirror has three repositories', () => {
  expect(repositoriesOf('/m')).toEqual({
    content: '/m/content.git',
    trees: '/m/trees.git',
    history: '/m/history.git',
  });
});
