import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  GitFailure,
  GitOutputTooLarge,
  runGit,
  streamGit,
  type GitCommand,
} from '../../../src/vcs/transport/git-exec.js';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';
import { git, type GitInput } from '../../../src/vcs/names/git-words.js';

/** Long enough for a script to say its process id first, also on a machine that does much else. */
const DEADLINE_MS = 2_000;

/** A command that runs this shell script in place of git; it finds the files of the test in its directory. */
async function fakeGit(script: string, more: Partial<GitCommand> = {}): Promise<GitCommand> {
  const cwd = await tempDir('fake-git');
  await writeFile(path.join(cwd, 'git'), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(cwd, 'git'), 0o755);
  const env = { PATH: `${cwd}:${sealedEnv().PATH ?? ''}` };
  return { args: git`-c a=b frob --now`, cwd, env, timeoutMs: 20_000, ...more };
}

/** Waits for a file the script writes. */
async function written({ cwd }: GitCommand, name: string): Promise<string> {
  for (;;) {
    const text = await readFile(path.join(cwd, name), 'utf8').catch(() => '');
    if (text.endsWith('\n')) return text.trim();
    await sleep(10);
  }
}

/** Waits until a process is gone (or dead and not yet reaped). */
async function gone(pid: string): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined || stat.includes(' Z ')) return;
    await sleep(10);
  }
}

async function failureOf(work: Promise<unknown>): Promise<GitFailure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GitFailure);
  return error as GitFailure;
}

const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));
afterEach(() => expect(unhandled.splice(0)).toEqual([]));

describe('runGit', () => {
  it('returns standard output, byte by byte', async () => {
    const command = await fakeGit(`printf 'a\\000b\\377'; echo chatter >&2`);
    expect(await runGit(command)).toEqual(Buffer.from([0x61, 0, 0x62, 0xff]));
  });

  it('hands over standard input, also to a child that does not read it', async () => {
    expect(String(await runGit(await fakeGit('cat', { input: 'one\ntwo\n' as GitInput })))).toBe(
      'one\ntwo\n',
    );
    const deaf = await fakeGit('exec <&-; echo done', { input: 'x'.repeat(1_000_000) as GitInput });
    expect(String(await runGit(deaf))).toBe('done\n');
  });

  it('fails with exit code and standard error', async () => {
    const failure = await failureOf(runGit(await fakeGit('echo "fatal: no" >&2; exit 128')));
    expect(failure).toMatchObject({ exitCode: 128, stderr: 'fatal: no\n', timedOut: false });
    expect(failure.message).toBe('git frob: exit 128: fatal: no');
  });

  it('fails when a signal ends the child', async () => {
    const failure = await failureOf(runGit(await fakeGit('echo half; kill -TERM $$')));
    expect(failure).toMatchObject({ exitCode: undefined, timedOut: false });
  });

  it('kills a child that hangs', async () => {
    const command = await fakeGit('echo $$ >pid; exec sleep 600', { timeoutMs: DEADLINE_MS });
    expect(await failureOf(runGit(command))).toMatchObject({ timedOut: true });
    await gone(await written(command, 'pid'));
  });

  it('kills what the child started in turn', async () => {
    const script = 'sleep 600 & echo $! >pid; wait';
    const command = await fakeGit(script, { timeoutMs: DEADLINE_MS });
    expect(await failureOf(runGit(command))).toMatchObject({ timedOut: true });
    await gone(await written(command, 'pid'));
  });

  it('kills what outlives the child and holds its output open', async () => {
    const command = await fakeGit('sleep 600 & echo $! >pid; exit 0', { timeoutMs: DEADLINE_MS });
    expect(await failureOf(runGit(command))).toMatchObject({ timedOut: true });
    await gone(await written(command, 'pid'));
  });

  it('does not wait for a process that left the group with the output open', async () => {
    const script = 'setsid sh -c "echo \\$\\$ >pid; exec sleep 600" & wait';
    const command = await fakeGit(script, { timeoutMs: DEADLINE_MS });
    expect(await failureOf(runGit(command))).toMatchObject({ timedOut: true });
    process.kill(Number(await written(command, 'pid')));
  });

  it('ends a child that prints too much', async () => {
    const command = await fakeGit('echo $$ >pid; exec yes', { maxOutput: 100_000 });
    await expect(runGit(command)).rejects.toThrow(GitOutputTooLarge);
    await gone(await written(command, 'pid'));
  });

  it('does not pass cut-off output for whole when the child ended well', async () => {
    await expect(runGit(await fakeGit('echo 12345', { maxOutput: 5 }))).rejects.toThrow(GitOutputTooLarge);
    expect(String(await runGit(await fakeGit('echo 12345', { maxOutput: 6 })))).toBe('12345\n');
  });

  it('keeps the beginning of a flood of standard error', async () => {
    const script = 'echo "fatal: the cause" >&2; yes noise | head -c 5000000 >&2; exit 1';
    const { stderr } = await failureOf(runGit(await fakeGit(script)));
    expect(stderr.startsWith('fatal: the cause\nnoise\n')).toBe(true);
    expect(stderr.length).toBeLessThanOrEqual(64 * 1024);
  });

  it('tells a missing git from a missing directory', async () => {
    const command = await fakeGit('true');
    const noGit = await failureOf(runGit({ ...command, env: { PATH: '/nowhere' } }));
    expect(noGit.stderr).toMatch(/^cannot start git: .*ENOENT/);
    const cwd = path.join(command.cwd, 'gone');
    expect((await failureOf(runGit({ ...command, cwd }))).stderr).toBe(
      `fatal: not a git repository: '${cwd}'`,
    );
  });

  it('gives the secret through file descriptor 3 and nowhere else', async () => {
    const script = [
      'tr "\\000" "\\n" </proc/$$/cmdline >argv; tr "\\000" "\\n" </proc/$$/environ >environment',
      'cat <&3',
    ].join('\n');
    const command = await fakeGit(script, { secret: 'password=canary-1234\n' });
    expect(String(await runGit(command))).toBe('password=canary-1234\n');
    const seen = `${await written(command, 'argv')}\n${await written(command, 'environment')}`;
    expect(seen).toContain('frob');
    expect(seen).toContain('PATH=');
    expect(seen).not.toContain('canary');
  });

  it('does not mind a secret that is not read', async () => {
    const command = await fakeGit('exec 3<&-; echo open', { secret: 'x'.repeat(1_000_000) });
    expect(String(await runGit(command))).toBe('open\n');
  });
});

describe('streamGit', () => {
  async function readAll(command: GitCommand): Promise<string> {
    let text = '';
    for await (const chunk of streamGit(command)) text += String(chunk);
    return text;
  }

  it('streams everything', async () => {
    const text = await readAll(await fakeGit('yes | head -c 3000000'));
    expect(text.length).toBe(3_000_000);
  });

  it.each([
    { name: 'a failure after some output', script: 'echo half; echo "fatal: torn" >&2; exit 128' },
    { name: 'a signal', script: 'echo half; kill -KILL $$' },
    { name: 'output closed early', script: 'echo half; exec >&-; sleep 0.2; echo "fatal: torn" >&2; exit 1' },
  ])('fails rather than end early: $name', async ({ script }) => {
    await failureOf(readAll(await fakeGit(script)));
  });

  it('fails at the deadline', async () => {
    const command = await fakeGit('echo half; echo $$ >pid; exec sleep 600', { timeoutMs: DEADLINE_MS });
    expect(await failureOf(readAll(command))).toMatchObject({ timedOut: true });
    await gone(await written(command, 'pid'));
  });

  it('fails where git cannot be started', async () => {
    const command = await fakeGit('true', { env: { PATH: '/nowhere' } });
    expect((await failureOf(readAll(command))).stderr).toContain('cannot start git');
  });

  it('ends the child when the stream is destroyed, without an error that cannot be caught', async () => {
    const command = await fakeGit('echo $$ >pid; exec yes');
    const stream = streamGit(command);
    await new Promise((resolve) => stream.once('data', resolve));
    stream.destroy();
    await gone(await written(command, 'pid'));
    await sleep(50); // an unhandled rejection comes in a later turn
  });
});
