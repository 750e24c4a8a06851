/** Which git children are started. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun, sealedEnv } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

export interface GitLog {
  /** `env`, with a git on its PATH that writes down each start. */
  env: NodeJS.ProcessEnv;
  /** The commands (`fetch`) started since the last call, sorted. */
  take(): Promise<string[]>;
}

export async function gitLog(env = sealedEnv()): Promise<GitLog> {
  const bin = await tempDir('bin');
  const log = path.join(bin, 'log');
  const real = (await mustRun('sh', ['-c', 'command -v git'])).trim();
  // git finds its own parts without PATH, so only what we start passes here.
  await writeFile(path.join(bin, 'git'), `#!/bin/sh\necho "$*" >>'${log}'\nexec '${real}' "$@"\n`);
  await chmod(path.join(bin, 'git'), 0o755);
  return {
    env: { ...env, PATH: `${bin}:${env.PATH ?? ''}` },
    async take() {
      const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n');
      await rm(log, { force: true });
      const commands = lines.map((line) => line.replace(/^(?:-c \S+ )*/, '').replace(/ .*/, ''));
      return commands.filter((command) => command !== '').sort();
    },
  };
}
