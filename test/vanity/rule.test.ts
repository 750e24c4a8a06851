import { describe, expect, it } from 'vitest';
import {
  applyRule,
  compileRule,
  type RuleFault,
  type RuleSource,
  type VanityRule,
} from '../../src/vanity/rule.js';

const PLAIN: RuleSource = {
  key: '/foo',
  line: 3,
  column: 5,
  host: 'my.corp',
  repos: ['https://git.corp/foo.git'],
  vcs: 'git',
  subdir: undefined,
  display: undefined,
  baseDir: '/etc/modhaven',
};
const compile = (changed: Partial<RuleSource>) => compileRule({ ...PLAIN, ...changed });

function rule(changed: Partial<RuleSource> = {}): VanityRule {
  const compiled = compile(changed);
  if ('faults' in compiled) throw new Error(JSON.stringify(compiled.faults));
  return compiled.rule;
}

function faults(changed: Partial<RuleSource>): RuleFault[] {
  const compiled = compile(changed);
  if ('rule' in compiled) throw new Error('nothing is wrong');
  return compiled.faults;
}

const words = ({ part, index, error }: RuleFault) =>
  `${part} ${index}: ${error.message}; ${error.reason ?? ''}`;

describe('compileRule', () => {
  it('makes the rule of one path', () => {
    expect(rule()).toMatchObject({
      key: '/foo',
      prefix: 'my.corp/foo',
      elements: ['my.corp', 'foo'],
      line: 3,
      column: 5,
      isPattern: false,
      takesRest: false,
      subdir: '',
      foreign: undefined,
      sources: ['https://git.corp/foo.git'],
      repos: [{ url: 'https://git.corp/foo.git', host: 'git.corp' }],
    });
  });

  it('makes a pattern, which names no repository yet', () => {
    const pattern = rule({ key: '/{a}/{b...}', repos: ['git@git.corp:{a}/{b}.git'], subdir: 'go/{a}/' });
    expect(pattern).toMatchObject({
      isPattern: true,
      takesRest: true,
      repos: [],
      subdir: 'go/{a}',
      sources: ['ssh://git@git.corp/{a}/{b}.git'],
    });
  });

  it('takes a relative path from the folder of the file', () => {
    expect(rule({ repos: ['./foo'] }).repos[0]?.path).toBe('/etc/modhaven/foo');
  });

  it('shows no login, and keeps it for the request', () => {
    const { sources, repos, templates } = rule({ repos: ['https://user:secret@git.corp/foo'] });
    expect(sources).toEqual(['https://git.corp/foo']);
    expect(repos[0]?.credentials).toEqual({ username: 'user', password: 'secret' });
    expect(templates).toEqual(['https://user:secret@git.corp/foo']);
    expect(rule({ key: '/{a}', repos: ['https://user:secret@git.corp/{a}'] }).sources).toEqual([
      'https://git.corp/{a}',
    ]);
  });

  it('warns of a spelling that is understood', () => {
    const compiled = compile({ key: '/{a}', repos: ['ssh://git@git.corp:{a}/x'] });
    expect(compiled).toMatchObject({ warnings: [expect.stringContaining('{a}') as string] });
  });

  it.each([
    ['https://{a}.corp/x', 'in the host'],
    ['https://{a}/x', 'as the host'],
    ['https://git.corp:{a}/x', 'as the port'],
    ['ssh://{a}@git.corp/x', 'as the user'],
    ['https://{a}@git.corp/x', 'as the login'],
  ])('refuses %s, where a caller would choose %s', (text) => {
    const found = faults({ key: '/{a}', repos: [text] });
    expect(found).toHaveLength(1);
    expect(found[0]?.part).toBe('repo');
    expect(found[0]?.error.message).toContain('bad repository address');
  });

  it('says what {name}s there are', () => {
    expect(faults({ key: '/{a}/{b}', repos: ['https://h/{c}'] })[0]?.error).toMatchObject({
      message: 'bad repository address "https://h/{c}"',
      reason: '{c} does not stand in the key',
      remedy: 'the key has {a}, {b}',
    });
    expect(faults({ subdir: '{c}' })[0]?.error).toMatchObject({
      reason: '{c} does not stand in the key',
      remedy: undefined,
    });
  });

  it('finds everything that is wrong with repositories and directory at once', () => {
    expect(
      faults({ repos: ['https://h/a', 'gopher://h/b', 'https://-h/c'], subdir: '../x' }).map(words),
    ).toEqual([
      expect.stringMatching(/^repo 1: /),
      expect.stringMatching(/^repo 2: /),
      expect.stringMatching(/^subdir 0: bad subdir "\.\.\/x"; ./),
    ]);
  });

  it('says only that the key is wrong where it is', () => {
    expect(faults({ key: 'foo', host: '', repos: ['gopher://h'] }).map(({ part }) => part)).toEqual(['key']);
  });

  it('hides a login in what it says of an address', () => {
    expect(faults({ repos: ['https://user:secret@h/{x}'] })[0]?.error.message).toBe(
      'bad repository address "https://***@h/{x}"',
    );
  });

  describe('of another kind than git', () => {
    it.each([
      ['https://hg.corp/foo', 'https://hg.corp/foo'],
      ['https://user:secret@hg.corp/foo', 'https://hg.corp/foo'],
      ['svn+ssh://user:secret@svn.corp/foo', 'svn+ssh://user@svn.corp/foo'],
    ])('shows %s as %s', (text, address) => {
      expect(rule({ vcs: 'hg', repos: [text] })).toMatchObject({
        foreign: { vcs: 'hg', address },
        sources: [address],
        repos: [],
        templates: [],
      });
    });

    it.each([
      [['hg.corp/foo'], 'it is not a URL'],
      [['https://hg.corp/a b'], 'it is not a URL'],
      [['https://a/x', 'https://b/x'], 'only git repositories may be a list'],
      [['https://a/{x}'], '{x} does not stand in the key'],
    ])('refuses %j', (repos, reason) => {
      expect(faults({ vcs: 'svn', repos })[0]?.error.reason).toBe(reason);
    });
  });
});

describe('applyRule', () => {
  const apply = (changed: Partial<RuleSource>, path: string) => applyRule(rule(changed), path.split('/'));

  it.each([
    ['https://git.corp/{a}.git', 'foo.git', 'https://git.corp/foo.git'],
    ['https://git.corp/{a}.git', 'foo', 'https://git.corp/foo.git'],
    ['https://git.corp/{a}', 'foo.git', 'https://git.corp/foo.git'],
  ])('adds .git to %s for %s once', (template, name, url) => {
    expect(apply({ key: '/{a}', repos: [template] }, `my.corp/${name}`)?.repos[0]?.url).toBe(url);
  });

  it('is the same repository for every path of a rule without {name}', () => {
    const plain = rule({ subdir: 'go', display: 'x {dir} {file}' });
    expect(applyRule(plain, ['my.corp', 'foo'])).toEqual({
      root: 'my.corp/foo',
      repos: plain.repos,
      foreign: undefined,
      subdir: 'go',
      display: 'x {dir} {file}',
      rule: plain,
    });
  });

  it('fills in what {name} stands for, everywhere', () => {
    const found = apply(
      {
        key: '/{a}/x/{b}',
        repos: ['https://h/{b}/{a}.git', './{a}'],
        subdir: '{b}',
        display: 'https://h/{a} https://h/{a}{/dir} {file}',
      },
      'my.corp/one/x/two',
    );
    expect(found).toMatchObject({
      root: 'my.corp/one/x/two',
      subdir: 'two',
      display: 'https://h/one https://h/one{/dir} {file}',
      repos: [{ url: 'https://h/two/one.git' }, { path: '/etc/modhaven/one' }],
    });
  });

  it('fills in the rest of a path', () => {
    const rest = { key: '/{a}/{b...}', repos: ['https://h/{a}/{b}.git'] };
    expect(apply(rest, 'my.corp/one/two/three')?.repos[0]?.url).toBe('https://h/one/two/three.git');
    expect(apply(rest, 'my.corp/one/two')?.repos[0]?.url).toBe('https://h/one/two.git');
  });

  it('fills in the address of another kind than git', () => {
    expect(apply({ key: '/{a}', vcs: 'hg', repos: ['https://h/{a}'] }, 'my.corp/one')).toMatchObject({
      repos: [],
      foreign: { vcs: 'hg', address: 'https://h/one' },
    });
  });

  it('is nothing where a value makes no address', () => {
    expect(apply({ key: '/{a}', repos: ['git@h:{a}'] }, 'my.corp/-oProxyCommand=x')).toBeUndefined();
  });

  it('never fills a value in twice', () => {
    expect(
      apply({ key: '/{a}/{b}', repos: ['https://h/{a}'] }, 'my.corp/{b}/x')?.repos[0]?.url ?? '',
    ).not.toContain('x');
  });
});
