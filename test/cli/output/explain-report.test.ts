import { describe, expect, it } from 'vitest';
import { explainReport } from '../../../src/cli/output/explain-report.js';
import type { Explanation, RepositoryStory } from '../../../src/cli/output/explanation.js';

const REPOSITORY: RepositoryStory = {
  url: 'https://git.corp/foo',
  hostEntry: undefined,
  credential: undefined,
  sshOptions: {},
  reached: true,
  defaultBranch: 'main',
  versions: 1,
  revision: undefined,
  problem: undefined,
  remedy: undefined,
};
const STORY: Explanation = {
  module: 'my.corp/foo',
  query: 'v1.0.0',
  version: 'v1.0.0',
  private: undefined,
  upstream: [],
  root: 'my.corp/foo',
  subdir: '',
  rule: { key: '/foo', file: 'vanity.yaml', line: 3 },
  repositories: [REPOSITORY],
  cache: {},
  origin: {},
  tag: undefined,
  go: [],
  timings: [],
  ok: true,
};

/** The lines below each word, as they are written behind it. */
function sections(changed: Partial<Explanation>): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  const text = explainReport({ ...STORY, ...changed });
  const width = /^module +/.exec(text)?.[0].length ?? 0;
  let word = '';
  for (const line of text.split('\n').slice(0, -1)) {
    word = line.slice(0, width).trim() || word;
    (found[word] ??= []).push(line.slice(width));
  }
  return found;
}
const repository = (changed: Partial<RepositoryStory>) =>
  sections({ repositories: [{ ...REPOSITORY, ...changed }] }).repository;

describe('explainReport', () => {
  it.each<[Partial<Explanation>, string]>([
    [{ query: 'v1.0.0', version: 'v1.0.0' }, 'my.corp/foo v1.0.0'],
    [{ query: 'main', version: 'v1.0.0' }, 'my.corp/foo v1.0.0 (asked for as main)'],
    [{ query: undefined, version: 'v1.0.0' }, 'my.corp/foo v1.0.0 (the newest)'],
    [{ query: 'main', version: undefined }, 'my.corp/foo (asked for as main)'],
    [{ query: undefined, version: undefined }, 'my.corp/foo'],
  ])('names the module for %j', (changed, text) => {
    expect(sections(changed).module).toEqual([text]);
  });

  it('names the rule, the root and its directory', () => {
    expect(sections({})).toMatchObject({ rule: ['/foo (vanity.yaml:3)'], root: ['my.corp/foo'] });
    expect(sections({ subdir: 'go' }).root).toEqual(['my.corp/foo (directory go of the repository)']);
  });

  it('says what happens where no rule covers a module, and no more than that', () => {
    const none = { rule: undefined, root: undefined, subdir: undefined, repositories: [] };
    expect(sections(none).rule).toEqual(['none covers this module, and there is no upstream to ask']);
    const hidden = { ...none, private: 'git.corp has an entry under vcs.hosts' };
    expect(sections(hidden)).toMatchObject({
      rule: ['none covers this module'],
      private: [expect.stringMatching(/^git.corp has an entry .*: no upstream/)],
    });
    const upstream = sections({ ...none, upstream: ['https://a', 'https://b'] });
    expect(upstream.rule).toEqual([
      'none covers this module: it is asked for upstream, at https://a, https://b',
    ]);
    expect(Object.keys(upstream)).not.toContain('go is told');
  });

  it('tells of a repository', () => {
    expect(repository({})).toEqual([
      'https://git.corp/foo',
      'login: none',
      'reached; default branch main; 1 version',
    ]);
    expect(
      repository({ hostEntry: 'git.corp', credential: 'token', sshOptions: { A: 'b', C: 'd' } })?.slice(1, 3),
    ).toEqual(['login: token (entry vcs.hosts.git.corp)', 'ssh options: A=b, C=d']);
    expect(repository({ reached: false, problem: 'it is down', remedy: 'start it' })?.slice(2)).toEqual([
      'NOT reached: it is down',
      'to do: start it',
    ]);
    expect(
      repository({ defaultBranch: undefined, versions: 0, problem: 'no such version' })?.slice(2),
    ).toEqual(['reached; default branch none; 0 versions', 'but: no such version']);
  });

  it('tells what is stored', () => {
    expect(sections({ cache: { info: 1, mod: 20, h1: 'h1:x=' } }).cache).toEqual([
      '.info 1 byte, .mod 20 bytes, .zip not stored, h1:x=',
    ]);
    expect(sections({ version: undefined }).cache).toEqual(['unknown, because the version is']);
  });

  it('tells where the version is from', () => {
    expect(sections({}).origin).toEqual(['unknown']);
    const recorded = {
      VCS: 'git',
      URL: 'https://a',
      Subdir: 'd',
      Ref: 'refs/tags/v1',
      Hash: '12ab',
    } as const;
    const now = { VCS: 'git', URL: 'https://b' } as const;
    expect(sections({ origin: { recorded, now } }).origin).toEqual([
      'recorded: https://a directory d refs/tags/v1 12ab',
      'now:      https://b',
    ]);
  });

  it.each([
    ['same', 'v1 points at the recorded commit'],
    ['moved', 'v1 was MOVED: it points at b, the stored version is a and stays so'],
    ['gone', 'v1 is GONE from the repository; the stored version is a and stays so'],
    ['unknown', 'v1: no repository could be asked where it points now'],
  ] as const)('says of a tag that is %s what that means', (state, text) => {
    expect(sections({ tag: { name: 'v1', state, recorded: 'a', now: 'b' } }).tag).toEqual([text]);
  });

  it('tells what go is told, the text of an error below it', () => {
    const answer = { status: 200, text: undefined, cached: false };
    const go = [
      { ...answer, request: '@v/list' },
      { ...answer, request: '@v/v1.0.0.info', cached: true },
      { ...answer, request: '@v/v1.0.0.mod', status: 404, text: 'not found\nand why' },
    ];
    expect(sections({ go })['go is told']).toEqual([
      '@v/list         200 from git',
      '@v/v1.0.0.info  200 from the cache',
      '@v/v1.0.0.mod   404',
      '    not found',
      '    and why',
    ]);
  });

  it('tells how long each step took', () => {
    expect(sections({ timings: [{ step: 'refs', ms: 12 }] }).timings).toEqual(['    12 ms  refs']);
  });
});
