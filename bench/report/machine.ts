/** Where and with what a run was made, so that its figures can be told from those of another. */
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { run } from '../../test/support/run.js';

export interface Machine {
  /** ISO 8601, to the minute. */
  date: string;
  /** Commit of modhaven; with `, changed` where the checkout had changes. */
  commit: string;
  processor: string;
  processors: number;
  memoryGB: number;
  system: string;
  /** How many programs wanted a processor in the minute before the run; above 1 others share in the figures. */
  load: number;
  /** By program: `go`, `git`, `nginx`, `wrk`, `node`. */
  versions: Record<string, string>;
}

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** How each program says its version. wrk ends with 1 when it does. */
const VERSION_COMMANDS: readonly [name: string, args: string[]][] = [
  ['git', ['--version']],
  ['go', ['version']],
  ['nginx', ['-v']],
  ['wrk', ['-v']],
];

export async function describeMachine(): Promise<Machine> {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const [name, args] of VERSION_COMMANDS) {
    const { stdout, stderr } = await run(name, args);
    versions[name] = /\d+(?:\.\d+)+/.exec(stdout + stderr)?.[0] ?? 'not installed';
  }
  const git = async (...args: string[]): Promise<string> =>
    (await run('git', ['-c', 'safe.directory=*', ...args], { cwd: PROJECT })).stdout.trim();
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  return {
    date: `${new Date().toISOString().slice(0, 16)}Z`,
    commit: (await git('rev-parse', '--short', 'HEAD')) + (changes === '' ? '' : ', changed'),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0] ?? 0,
    system: `${type()} ${release()} ${arch()}`,
    versions,
  };
}
