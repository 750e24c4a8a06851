/** How much memory a process has taken, as Linux counts it. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** NODE_OPTIONS of a server whose peak shall be what its program holds, whenever its Node collects garbage. */
export const COLLECTING = `--import ${fileURLToPath(new URL('collect-garbage.mjs', import.meta.url))}`;

/** The highest resident memory of a process so far, in MiB. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
