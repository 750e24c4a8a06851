/**
 * The suite of `src/cli/commands`: each file there registers one command, and here every command is run for its
 * `--help`, with wrong usage, and for its exit code. What a command does is tested beside the function that does it.
 */
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { run as runProgram } from '../support/run.js';
import { CLI, modhaven } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

const FOLDER = fileURLToPath(new URL('../../src/cli/commands/', import.meta.url));
const COMMANDS = readdirSync(FOLDER)
  .map((name) => path.basename(name, '.ts'))
  .filter((name) => !['shared', 'program'].includes(name))
  .sort();

/** Words with which each command gets as far as its options. */
const ARGUMENTS: Record<string, string[]> = {
  completion: ['bash'],
  explain: ['ex.test/m'],
  export: ['tree'],
  import: ['tree'],
  migrate: ['--from', 'disk', '--to', 's3'],
  purge: ['ex.test/m@v1.0.0'],
  sumdb: ['status'],
  'trust-host': ['git.ex.test'],
  warm: ['ex.test/m@v1.0.0'],
};

const SUBCOMMANDS: Record<string, string[]> = {
  sumdb: ['keygen', 'status', 'verify'],
  token: ['add', 'list', 'revoke'],
};

/** Two examples at least, and what the exit codes mean. */
function expectHelp(help: string, name: string): void {
  const [, examples = '', codes = ''] = /^Examples:\n([^]*?)^Exit codes:\n([^]*)/m.exec(help) ?? [];
  const calls = examples
    .split('\n')
    .filter((line) => line.startsWith(`  modhaven ${name}`) || line.endsWith(' --version'));
  expect(calls.length, help).toBeGreaterThanOrEqual(2);
  expect(codes).toMatch(/^ {2}0 {2}done\n(?: {2}1 {2}\S.*\n)? {2}2 {2}wrong usage or configuration$/m);
}

let dir: string;
beforeAll(async () => {
  dir = await tempDir('commands');
  await writeFile(path.join(dir, 'modhaven.yaml'), 'cache: { dir: ./data }\n');
  await writeFile(path.join(dir, 'vanity.yaml'), 'paths: {}\n');
});

const run = (...args: string[]) => modhaven(args, { cwd: dir });

it('modhaven --help names every command, each with what it does', async () => {
  const { stdout } = await run('--help');
  const shown = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)(?: .*?)? {2,}\S/gm)].map(([, name = '']) => name);
  expect(shown.filter((name) => name !== 'help').toSorted()).toEqual(COMMANDS);
});

describe.each(COMMANDS)('modhaven %s', (name) => {
  it('--help shows how it is used, and does nothing else', async () => {
    const { code, stdout, stderr } = await run(name, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: modhaven ${name}\\b`));
    expect(stdout).toContain('--verbose');
    expectHelp(stdout, name);
  });

  it.each(SUBCOMMANDS[name] ?? [])('%s --help shows how it is used, too', async (subcommand) => {
    const { stdout } = await run(name, subcommand, '--help');
    expectHelp(stdout, `${name} ${subcommand}`);
  });

  it('ends with 2 and one sentence at an option that it does not have', async () => {
    const { code, stdout, stderr } = await run(name, ...(ARGUMENTS[name] ?? []), '--no-such-option');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: unknown option '--no-such-option'\n(?:\(Did you mean .*\)\n)?$/);
  });
});

it.each(['completion bash', '--help'])('%s: a reader that has seen enough is not a failure', async (line) => {
  const pipe = `'${process.execPath}' '${CLI}' ${line} | true; echo "\${PIPESTATUS[0]}"`;
  const result = await runProgram('bash', ['-c', pipe]);
  expect([result.stdout, result.stderr]).toEqual(['0\n', '']);
});

it.each(['completion bash', '--help', 'version'])(
  '%s onto a full disk is a failure in words',
  async (line) => {
    const { code, stderr } = await runProgram('bash', [
      '-c',
      `'${process.execPath}' '${CLI}' ${line} >/dev/full`,
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^modhaven: the output cannot be written: ENOSPC[^\n]*\n$/);
  },
);

describe('wrong usage', () => {
  it.each([
    ['explain', "error: missing required argument 'module[@version]'"],
    ['export', "error: missing required argument 'dir'"],
    ['import', "error: missing required argument 'dir'"],
    ['purge', "error: missing required argument 'module@version'"],
    ['trust-host', "error: missing required argument 'host[:port]'"],
    ['warm', "error: missing required argument 'wanted'"],
    ['completion', "error: missing required argument 'shell'"],
    ['completion tcsh', "error: command-argument value 'tcsh' is invalid for argument 'shell'"],
    ['sumdb keygen', "error: required option '--name <name>' not specified"],
    ['sumdb nothing', "error: unknown command 'nothing'"],
    ['version more', "error: too many arguments for 'version'"],
    ['gc --max-size', "error: option '--max-size <size>' argument missing"],
    [
      'gc --max-size much',
      'modhaven: --max-size much is not a size; write a number with a unit, such as 20GiB',
    ],
    ['purge ex.test/m', 'modhaven: ex.test/m: purge is of versions, such as example.com/lib@v1.2.3'],
    [
      'purge ex.test/m@v1.0.0',
      'modhaven: purge asks first, and there is no terminal to ask at; add --yes if you are sure',
    ],
    ['export tree ex.test/m@latest', 'modhaven: ex.test/m@latest: an export is of versions, such as v1.2.3'],
    ['import missing', 'modhaven: '],
    ['check ex.test/m', 'modhaven: no rule in '],
  ])('modhaven %s ends with 2', async (line, says) => {
    const { code, stdout, stderr } = await run(...line.split(' '), ...configOf(line));
    expect([code, stdout], stderr).toEqual([2, '']);
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('the exit code', () => {
  it.each([
    ['version', 0, 'modhaven '],
    ['completion zsh', 0, 'modhaven'],
    ['env', 0, 'GOPROXY'],
    ['list', 0, ''],
    ['verify', 0, ''],
    ['gc --dry-run', 0, 'would remove: leftovers of killed processes: 0'],
    ['export tree', 0, '0 versions'],
    ['init --yes --host my.corp --dir new', 0, ''],
    ['sumdb keygen --name sum.ex.test --out ./new.key', 0, 'sum.ex.test'],
    ['purge --yes ex.test/m@v1.0.0', 1, 'ex.test/m@v1.0.0: nothing of it is in the cache\n'],
    ['export tree ex.test/m@v1.0.0', 1, 'MISSING ex.test/m@v1.0.0: it is not in the cache\n'],
  ])('of modhaven %s is %d', async (line, code, says) => {
    const result = await run(...line.split(' '), ...configOf(line));
    expect(result).toMatchObject({ code, stderr: '' });
    expect(result.stdout).toContain(says);
  });
});

/** `--config`, for a command that has it. */
function configOf(line: string): string[] {
  return /^(?:version|completion|init|sumdb)\b|--max-size$/.test(line) ? [] : ['--config', 'modhaven.yaml'];
}
