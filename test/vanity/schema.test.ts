import { describe, expect, it } from 'vitest';
import { FOREIGN_VCS, RuleEntry, VanityFile } from '../../src/vanity/schema.js';

const problems = (file: unknown) =>
  (VanityFile.safeParse(file).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

const RULE = 'must be the address of a repository, or a map with the key repo';

describe('VanityFile', () => {
  it('holds nothing, or no paths', () => {
    expect(VanityFile.parse({})).toEqual({ cache_max_age: 86_400, paths: {} });
    expect(VanityFile.parse({ paths: null })).toEqual({ cache_max_age: 86_400, paths: {} });
  });

  it('takes a rule as its address, as a list of them, and with keys', () => {
    const paths = {
      '/a': 'https://h/a',
      '/b': { repo: ['https://h/b', 'https://i/b'] },
      '/c': { repo: 'x', subdir: 'd' },
    };
    expect(VanityFile.parse({ paths }).paths).toEqual(paths);
  });

  it('takes rules at the top level, as the first versions of govanityurls', () => {
    expect(VanityFile.parse({ '/a': { repo: 'https://h/a' } })).toMatchObject({
      '/a': { repo: 'https://h/a' },
    });
  });

  it.each([
    [{ paths: { '/a': null } }, `paths./a: ${RULE}`],
    [{ paths: { '/a': 1 } }, `paths./a: ${RULE}`],
    [{ paths: { '/a': ['x'] } }, `paths./a: ${RULE}`],
    [{ paths: { '/a': {} } }, `paths./a: ${RULE}`],
    [{ '/a': 1 }, `/a: ${RULE}`],
  ])('%j: %s', (file, problem) => {
    expect(problems(file)).toEqual([problem]);
  });

  it.each(['', { repo: '' }, { repo: [] }, { repo: [''] }])('refuses the empty rule %j', (rule) => {
    expect(problems({ paths: { '/a': rule } })).toHaveLength(1);
  });

  it.each([-1, 1.5, '1h'])('takes no cache_max_age of %j', (cache_max_age) => {
    expect(problems({ cache_max_age })).toHaveLength(1);
  });
});

describe('RuleEntry', () => {
  it('leaves keys that it does not know to the reader of the file', () => {
    expect(RuleEntry.parse({ repo: 'x', rpo: 'y', vcs: 'cvs' })).toEqual({ repo: 'x', rpo: 'y', vcs: 'cvs' });
  });
});

it('git is not foreign', () => {
  expect(FOREIGN_VCS).not.toContain('git');
});
