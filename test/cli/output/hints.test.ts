import { describe, expect, it } from 'vitest';
import { completeHints, programName } from '../../../src/cli/output/hints.js';

describe('completeHints', () => {
  it.each([
    ['ask: modhaven trust-host git.corp:29418', 'ask: mh trust-host --config a.yaml git.corp:29418'],
    ['run "modhaven verify" on the server', 'run "mh verify --config a.yaml" on the server'],
    [
      'modhaven check MODULE; modhaven warm M@V',
      'mh check --config a.yaml MODULE; mh warm --config a.yaml M@V',
    ],
    ['modhaven sumdb verify --renew-witness', 'mh sumdb verify --config a.yaml --renew-witness'],
    ['modhaven check --config b.yaml', 'mh check --config b.yaml'],
    ['modhaven sumdb keygen --name x', 'modhaven sumdb keygen --name x'],
    ['modhaven checks nothing, as modhaven does', 'modhaven checks nothing, as modhaven does'],
    ['modhaven-check and modhaven.yaml', 'modhaven-check and modhaven.yaml'],
  ])('%s', (text, completed) => {
    expect(completeHints(text, 'a.yaml', 'mh')).toBe(completed);
  });

  it('adds no option where none was given, and quotes what a shell would split', () => {
    expect(completeHints('modhaven env', undefined, 'mh')).toBe('mh env');
    expect(completeHints('modhaven env', "my 'own' file", 'mh')).toBe(
      "mh env --config 'my '\\''own'\\'' file'",
    );
  });
});

describe('programName', () => {
  it.each([
    ['modhaven', '/usr/bin/modhaven', '/bin:/usr/bin'],
    ['/opt/m/modhaven', '/opt/m/modhaven', '/bin'],
    ['node /opt/m/dist/cli.js', '/opt/m/dist/cli.js', '/bin'],
    ['node dist/cli.js', `${process.cwd()}/dist/cli.js`, '/bin'],
  ])('is %s for %s', (name, script, path) => {
    expect(programName(['node', script], path)).toBe(name);
  });
});
