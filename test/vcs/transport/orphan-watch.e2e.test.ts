import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { git } from '../../../src/vcs/names/git-words.js';
import { runGit } from '../../../src/vcs/transport/git-exec.js';
import { processesNaming } from '../../chaos/processes.js';
import { mustRun, sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

const GIT_EXEC = fileURLToPath(new URL('../../../build/vcs/transport/git-exec.js', import.meta.url));

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && !stat.includes(' Z ');
}

/** A process that runs one git child after the other, the last of which hangs with a child of its own. */
async function hangingProcess(): Promise<{ kill: () => Promise<void>; pids: number[] }> {
  const { dir, code } = await fakeGit('[ "$1" = quick ] && exit 0\nsleep 600 & echo "$$ $!" >pids; wait\n');
  const program = `${code}
for (let i = 0; i < 3; i++) await runGit({ ...command, args: ['quick'] });
await runGit({ ...command, args: ['hang'] });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
  for (;;) {
    const text = await readFile(path.join(dir, 'pids'), 'utf8').catch(() => '');
    if (text.endsWith('\n')) {
      const kill = async (): Promise<void> => {
        child.kill('SIGKILL');
        await once(child, 'exit');
      };
      return { kill, pids: text.trim().split(' ').map(Number) };
    }
    await sleep(20);
  }
}

/** Where a script runs in place of git, and the code that runs it as a command that talks to a host. */
async function fakeGit(script: string): Promise<{ dir: string; code: string }> {
  const dir = await tempDir('orphans');
  await writeFile(path.join(dir, 'git'), `#!/bin/sh\n${script}`);
  await chmod(path.join(dir, 'git'), 0o755);
  const env = { PATH: `${dir}:${sealedEnv().PATH ?? ''}` };
  const code = `
import { runGit } from ${JSON.stringify(GIT_EXEC)};
const command = { cwd: ${JSON.stringify(dir)}, env: ${JSON.stringify(env)}, timeoutMs: 600000, network: true };`;
  return { dir, code };
}

describe('orphan-watch', () => {
  it('ends a child that talks to a host, and its children, when the process is killed', async () => {
    const { kill, pids } = await hangingProcess();
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);
    await kill();
    while ((await Promise.all(pids.map(isRunning))).includes(true)) await sleep(20);
  });

  it('ends a child of a process that is killed before it knows that it has one', async () => {
    const { dir, code } = await fakeGit('sleep 600\n');
    const program = `${code}
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
const { spawn } = childProcess;
childProcess.spawn = (program, args, options) => {
  const child = spawn(program, args, options);
  if (args.includes('hang')) process.kill(process.pid, 'SIGKILL');
  return child;
};
syncBuiltinESMExports();
await runGit({ ...command, args: ['hang'] });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    const end = Date.now() + 20_000;
    while (processesNaming(dir).length > 0 && Date.now() < end) await sleep(20);
    const left = processesNaming(dir);
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    expect(left).toEqual([]);
  });

  it('bounds the memory of a child, and starts it where less is allowed already', async () => {
    const { code } = await fakeGit('ulimit -d\n');
    const program = `${code}
process.stdout.write(await runGit({ ...command, args: ['fetch'] }));`;
    const start = [process.execPath, '--input-type=module', '-e', program];
    expect(await mustRun('sh', ['-c', 'exec "$@"', 'sh', ...start])).toBe('2097152\n');
    const less = 'ulimit -S -d 1500000 && ulimit -H -d 1500000 && exec "$@"';
    expect(await mustRun('sh', ['-c', less, 'sh', ...start])).toBe('1500000\n');
  });

  it('says in the words of a failed start that there is no program', async () => {
    const cwd = await tempDir('orphans');
    const command = { args: git`fetch`, cwd, env: { PATH: '/nowhere' }, timeoutMs: 20_000, network: true };
    await expect(runGit(command)).rejects.toMatchObject({ stderr: 'cannot start git: git: not found' });
  });
});
