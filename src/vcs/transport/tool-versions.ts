/** Versions of the programs that repositories are fetched with. */
import { execFile } from 'node:child_process';

export interface ToolVersions {
  /** `2.39.5`, or why it cannot be started. */
  git: string;
  /** `OpenSSH_9.2p1 …`, or why it cannot be started. */
  ssh: string;
}

const TIMEOUT_MS = 5_000;

export async function toolVersions(): Promise<ToolVersions> {
  const [git, ssh] = await Promise.all([firstLine('git', ['version']), firstLine('ssh', ['-V'])]);
  return { git: git.replace(/^git version /, ''), ssh };
}

/** What the program prints first, wherever it prints it. */
async function firstLine(program: string, args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const [line = ''] = `${stdout}${stderr}`.trim().split('\n');
      resolve(error === null ? line : `cannot be started (${String(error.code ?? error.message)})`);
    });
  });
}
