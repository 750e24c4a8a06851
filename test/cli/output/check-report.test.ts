import { describe, expect, it } from 'vitest';
import { checkReport, type CheckResult } from '../../../src/cli/output/check-report.js';
import type { CheckRow } from '../../../src/cli/probe/check-row.js';

const ROW: CheckRow = {
  rule: '/foo',
  line: 3,
  module: 'my.corp/foo',
  root: 'my.corp/foo',
  repository: 'https://git.corp/foo.git',
  hostEntry: undefined,
  credential: undefined,
  reached: true,
  skipped: false,
  ok: true,
  hostAnswers: false,
  warning: undefined,
  defaultBranch: 'main',
  versions: 2,
  problem: undefined,
  remedy: undefined,
};
const NOTHING = { vanity: 'v.yaml', dryRun: false, warnings: [], server: { problems: [], warnings: [] } };
const report = (rules: CheckRow[], more: Partial<CheckResult> = {}) => {
  const text = checkReport({ ...NOTHING, settings: [], rules, ...more });
  // The settings stand below; they have a test of their own.
  return text.slice(0, text.lastIndexOf('\nsettings:') + 1).split('\n');
};

describe('checkReport', () => {
  it('has a line for a repository that is reached', () => {
    const [head, row, summary, end] = report([{ ...ROW, credential: 'token of vcs.hosts' }]);
    expect(head?.split(/ {2,}/)).toEqual([
      'MODULE',
      'RULE',
      'REPOSITORY',
      'REACHED',
      'BRANCH',
      'VERSIONS',
      'LOGIN',
    ]);
    expect(row?.split(/ {2,}/)).toEqual([
      ...[
        'my.corp/foo',
        '/foo (line 3)',
        'https://git.corp/foo.git',
        'yes',
        'main',
        '2',
        'token of vcs.hosts',
      ],
    ]);
    expect([summary, end]).toEqual(['1 of 1 repositories reached', '']);
  });

  it('has cause and remedy below what could not be read', () => {
    const lines = report([
      { ...ROW, reached: false, ok: false, problem: 'it is down', remedy: 'start it' },
      ROW,
    ]);
    expect(lines[1]).toContain('NO');
    expect(lines.slice(2, 4)).toEqual(['    cause: it is down', '    to do: start it']);
    expect(lines[4]).toContain('yes');
    expect(lines[5]).toBe('1 of 2 repositories could not be read');
  });

  it('takes a repository of several that is not there for no failure, and asks for nothing to be done', () => {
    const lines = report([ROW, { ...ROW, reached: false, problem: 'not found', remedy: 'make it' }]);
    expect(lines[2]).toContain('not there');
    expect(lines.slice(3)).toEqual(['    cause: not found', '1 of 2 repositories reached', '']);
  });

  it('shows the root that only the host knows', () => {
    const lines = report([{ ...ROW, rule: '/all/{path...}', root: 'my.corp/all/a' }]);
    expect(lines[2]).toBe('    the git host has the repository at my.corp/all/a');
  });

  it('says what serve would fail on, and where each setting comes from', () => {
    const server = {
      problems: [{ setting: 'listen', problem: 'it may not', remedy: 'let it' }],
      warnings: [{ setting: 'webhook.secret', problem: 'it is weak', remedy: undefined }],
    };
    const settings: CheckResult['settings'] = [
      { key: 'listen', value: ':80', from: 'environment', place: 'MODHAVEN_LISTEN' },
      { key: 'refresh', value: '30s', from: 'default', place: '' },
      { key: 'audit', value: '', from: 'default', place: '' },
    ];
    const lines = checkReport({ ...NOTHING, server, settings, rules: [ROW] }).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'warning: webhook.secret: it is weak',
      'PROBLEM: listen: it may not',
      '    to do: let it',
    ]);
    expect(lines.slice(-4)).toEqual([
      'settings:',
      '  listen: :80 (MODHAVEN_LISTEN)',
      '  by default: refresh 30s, audit',
      '',
    ]);
  });

  it('tells a pattern whose host answers from one whose host does not', () => {
    const pattern = { ...ROW, reached: false, skipped: true, rule: '/{name}' };
    const [, answers] = report([{ ...pattern, hostAnswers: true }]);
    expect(answers).toContain('host answers');
    const silent = report([{ ...pattern, ok: false, problem: 'it is down' }]);
    expect(silent[1]).toContain('NO');
    expect(silent).toContain('    cause: it is down');
  });

  it('begins with warnings, and with what a dry run is', () => {
    expect(report([ROW], { dryRun: true, warnings: ['one', 'two'] }).slice(0, 3)).toEqual([
      'warning: one',
      'warning: two',
      'dry run: v.yaml is tried; the server goes on with its own file',
    ]);
  });
});
