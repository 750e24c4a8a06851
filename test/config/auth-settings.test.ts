import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';

const auth = (text: string, env: NodeJS.ProcessEnv = {}) =>
  parseConfig(text, '/etc/modhaven/modhaven.yaml', env).auth;

it('is off unless it is there, and finds its files beside the configuration', () => {
  expect(auth('')).toBeUndefined();
  expect(auth('auth: { tokens_file: ./tokens.yaml }')).toMatchObject({
    tokensFile: '/etc/modhaven/tokens.yaml',
    htpasswdFile: undefined,
    gitHost: undefined,
    gitHostTtlMs: 60_000,
  });
});

it.each([
  ['git_host: true', 'all'],
  ['git_host: false', undefined],
  ['git_host: []', undefined],
  ['git_host: [GitLab.corp.test, "git.corp.test:8443"]', ['gitlab.corp.test', 'git.corp.test:8443']],
])('reads %s', (line, expected) => {
  expect(auth(`auth: { ${line}, git_host_ttl: 5s }`)).toMatchObject({
    gitHost: expected,
    gitHostTtlMs: 5_000,
  });
});

it('takes git_host from a variable, as a word or as a list', () => {
  const env = (value: string) => ({ MODHAVEN_AUTH_GIT_HOST: value });
  expect(auth('', env('true'))).toMatchObject({ gitHost: 'all' });
  expect(auth('', env('a.test,b.test:8443'))).toMatchObject({ gitHost: ['a.test', 'b.test:8443'] });
  expect(() => auth('auth: { git_host: 7 }')).toThrow(/git_host/);
});
