import { expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { entry, hostOf, portSuffix, type FailureContext } from '../../../src/vcs/failures/failure-row.js';

function contextOf(url: string, hostKey = ''): FailureContext {
  return { repo: parseRepoUrl(url, '/'), hostKey, credential: undefined, timeoutMs: 1 };
}

it.each([
  ['https://git.corp.test/x.git', 'git.corp.test', ''],
  ['https://git.corp.test:8443/x.git', 'git.corp.test:8443', ':8443'],
  ['ssh://git@git.corp.test:29418/x.git', 'git.corp.test:29418', ':29418'],
  ['git@git.corp.test:x.git', 'git.corp.test', ''],
])('names the place of %s', (url, place, suffix) => {
  const context = contextOf(url);
  expect([hostOf(context), portSuffix(context.repo)]).toEqual([place, suffix]);
});

it('quotes the key of an entry, which may hold a colon', () => {
  expect(entry(contextOf('https://git.corp.test/x.git', 'git.corp.test:8443'))).toBe(
    'vcs.hosts."git.corp.test:8443"',
  );
});
