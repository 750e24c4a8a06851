/** Ctrl-C in the middle of a command: nothing that it started goes on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sealedEnv } from '../../support/run.js';
import { CLI } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';

describe.each([
  { signal: 'SIGINT', code: 130 },
  { signal: 'SIGTERM', code: 143 },
] as const)('$signal', ({ signal, code }) => {
  it(`ends git, too, and exits with ${code}`, async () => {
    const dir = await tempDir('interrupt');
    const write = (name: string, text: string) => writeFile(path.join(dir, name), text);
    await write('git', `#!/bin/sh\nsleep 300 &\necho $! > "${dir}/pid"\nwait\n`);
    await chmod(path.join(dir, 'git'), 0o755);
    await write('vanity.yaml', 'host: my.corp\npaths: { /a: /srv/a.git }\n');
    await write('modhaven.yaml', 'vanity: vanity.yaml\ncache: { dir: data }\n');
    const env = { ...sealedEnv(), PATH: `${dir}:${sealedEnv().PATH ?? ''}` };
    const command = spawn(process.execPath, [CLI, 'check', '--config', path.join(dir, 'modhaven.yaml')], {
      env,
    });
    const exited = once(command, 'exit');

    const pid = await untilThere(() => readFile(path.join(dir, 'pid'), 'utf8'));
    command.kill(signal);
    expect(await exited).toEqual([code, null]);
    await untilThere(async () => ((await isRunning(pid)) ? '' : 'gone'));
  });
});

/** Asks until there is a text. */
async function untilThere(read: () => Promise<string>): Promise<string> {
  for (;;) {
    const text = (await read().catch(() => '')).trim();
    if (text !== '') return text;
    await sleep(20);
  }
}

async function isRunning(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ' Z ');
  return !stat.includes(' Z ');
}
