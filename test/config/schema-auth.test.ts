import { describe, expect, it } from 'vitest';
import { Auth } from '../../src/config/schema-auth.js';

const problemsOf = (value: unknown) =>
  Auth.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('auth:', () => {
  it('has a default for every key', () => {
    expect(Auth.parse({})).toEqual({
      git_host: false,
      git_host_ttl: 60_000,
      oidc: [],
      public: 'anyone',
      pages: 'anyone',
      rules: [],
    });
  });

  it.each([
    [{ rules: [{ modules: 'corp.test/*', allow: ['ann'] }] }, /allow\.0: must be user:NAME, group:NAME or/],
    [{ rules: [{ modules: '[', allow: [] }] }, /modules: must be patterns of module paths/],
    [{ rules: [{ modules: 'corp.test/a corp.test/b', allow: [] }] }, /modules: must be patterns/],
    [{ oidc: [{ issuer: 'https://a.test', audience: 'a', groups: 'project:{path' }] }, /groups: must be/],
    [{ oidc: [{ issuer: 'https://a.test', audience: 'a', groups: ['x', '{}'] }] }, /groups/],
    [{ public: 'everyone' }, /public: must be anyone or authenticated/],
    [{ oidc: [{ issuer: 'gitlab', audience: 'a' }] }, /issuer: must be the URL of the issuer/],
    [{ git_host: ['https://git.corp.test'] }, /git_host/],
    [{ git_host_ttl: '1' }, /git_host_ttl: must be a duration/],
  ])('refuses %j', (value, problem) => {
    expect(problemsOf(value).join('\n')).toMatch(problem);
  });

  it('takes one template of groups, or several', () => {
    const issuer = { issuer: 'https://git.corp.test', audience: 'a' };
    const groups = (value: unknown) => Auth.parse({ oidc: [{ ...issuer, groups: value }] }).oidc[0]?.groups;
    expect(groups('project:{p}')).toEqual(['project:{p}']);
    expect(groups(['a', 'b'])).toEqual(['a', 'b']);
  });
});
