import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

const GIT_EXEC = fileURLToPath(new URL('../../../build/vcs/transport/git-exec.js', import.meta.url));

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && !stat.includes(' Z ');
}

/** A process that runs one git child after the other, the last of which hangs with a child of its own. */
async function hangingProcess(): Promise<{ kill: () => Promise<void>; pids: number[] }> {
  const dir = await tempDir('orphans');
  const script = '#!/bin/sh\n[ "$1" = quick ] && exit 0\nsleep 600 & echo "$$ $!" >pids; wait\n';
  await writeFile(path.join(dir, 'git'), script);
  await chmod(path.join(dir, 'git'), 0o755);
  const env = { PATH: `${dir}:${sealedEnv().PATH ?? ''}` };
  const program = `
import { runGit } from ${JSON.stringify(GIT_EXEC)};
const command = { cwd: ${JSON.stringify(dir)}, env: ${JSON.stringify(env)}, timeoutMs: 600000, network: true };
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

describe('watchGroup', () => {
  it('ends a child that talks to a host, and its children, when the process is killed', async () => {
    const { kill, pids } = await hangingProcess();
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);
    await kill();
    while ((await Promise.all(pids.map(isRunning))).includes(true)) await sleep(20);
  });
});
