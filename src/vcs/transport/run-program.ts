/** Whether a program other than git exits with 0: for a short look at what an account has set up. */
import { spawn } from 'node:child_process';
import type { Environment } from './git-environment.js';

/** Runs `program` without input or output; false unless it exits with 0 within `timeoutMs`. */
export function endsWell(
  program: string,
  args: readonly string[],
  { env, timeoutMs }: { env: Environment; timeoutMs: number },
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env,
      stdio: 'ignore',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      detached: true, // without a terminal that it could ask at
    });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}
