import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { conclude, NOT_IN_ORDER, print, withHelp } from '../../../src/cli/common/command-parts.js';

describe('print and conclude', () => {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const before = process.exitCode;

  afterEach(() => {
    written.splice(0);
    write.mockClear();
    process.exitCode = before;
  });

  it('prints commands that it recommends with the --config it was given', () => {
    print('run "modhaven check"\n', { config: '/srv/a b.yaml' });
    expect(written.join('')).toContain('--config');
    expect(written.join('')).toContain('/srv/a b.yaml');
  });

  it('ends with 1 where something is not in order, and only then', () => {
    conclude({ text: 'fine\n', ok: true }, {});
    expect(process.exitCode).toBe(before);
    conclude({ text: 'not fine\n', ok: false }, {});
    expect(process.exitCode).toBe(NOT_IN_ORDER);
    expect(written).toEqual(['fine\n', 'not fine\n']);
  });
});

describe('withHelp', () => {
  function helpOf(notInOrder?: string): string {
    let help = '';
    const command = new Command('demo').configureOutput({ writeOut: (text) => (help += text) });
    withHelp(command, { examples: [['demo a', 'does a']], ...(notInOrder !== undefined && { notInOrder }) });
    command.outputHelp();
    return help;
  }

  it('adds examples and exit codes', () => {
    expect(helpOf('a thing is broken')).toMatch(
      /Examples:\n {2}modhaven demo a\n {6}does a\n\nExit codes:\n {2}0 {2}done\n {2}1 {2}a thing is broken\n {2}2 /,
    );
  });

  it('has no exit code 1 for a command that has nothing to find', () => {
    expect(helpOf()).not.toMatch(/^ {2}1 /m);
  });
});
