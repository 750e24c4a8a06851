import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionScript, type CommandWords } from '../../src/cli/completion.js';

const words = (name: string, options: string[] = [], commands: CommandWords[] = []): CommandWords => ({
  name,
  description: `it's ${name}`,
  options: options.map((flag) => ({ flag, description: flag })),
  commands,
});
const PROGRAM = words(
  'prog',
  ['--verbose'],
  [words('check', ['--config', '--json']), words('sumdb', [], [words('verify', ['--renew'])])],
);

/** What bash offers for the last of `line`. */
function complete(...line: string[]): string[] {
  const script = `${completionScript('bash', PROGRAM)}
COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _prog; echo "\${COMPREPLY[*]}"`;
  const text = execFileSync('bash', ['-c', script, 'bash', ...line], { encoding: 'utf8' }).trim();
  return text === '' ? [] : text.split(' ');
}

describe('completionScript', () => {
  it.each([
    [['prog', 'ch'], ['check']],
    [['prog', 'check', '--j'], ['--json']],
    [['prog', 'check', 'some/module', '--c'], ['--config']],
    [
      ['prog', 'sumdb', ''],
      ['verify', '--help'],
    ],
    [['prog', 'sumdb', 'verify', '--r'], ['--renew']],
    [['prog', '--verbose', 'su'], ['sumdb']],
    [['prog', 'check', 'x'], []],
  ])('bash: %j', (line, offered) => {
    expect(complete(...line)).toEqual(offered);
  });

  it('zsh runs the same functions, fish has a line for each command and option', () => {
    expect(completionScript('zsh', PROGRAM)).toMatch(/^#compdef prog\n.*bashcompinit/);
    const fish = completionScript('fish', PROGRAM);
    expect(fish).toContain("complete -c prog -n __fish_use_subcommand -a check -d 'it\\'s check'");
    expect(fish).toContain("complete -c prog -n '__fish_seen_subcommand_from sumdb' -a verify");
  });
});
