import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { cpuSeconds, peakResidentMB, processTree, residentMB } from '../../bench/measure/processes.js';
import { until } from '../support/ask.js';
import { killGroup } from '../support/run.js';

/** A shell that starts a program which fills 150 MB, and gives them back before it says so. */
const PROGRAM = `node -e '
  let big = Buffer.alloc(150e6, 1);
  big = undefined;
  global.gc();
  process.stdout.write("done");
  setInterval(() => {}, 1000);
'; true`;

describe.skipIf(process.platform !== 'linux')('memory of a server', () => {
  it('counts its children, and remembers the peak', async () => {
    const shell = spawn('sh', ['-c', PROGRAM], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '--expose-gc' },
    });
    try {
      await once(shell.stdout, 'data');
      const pid = shell.pid ?? 0;
      expect(processTree(pid)).toHaveLength(2);
      expect(peakResidentMB(pid)).toBeGreaterThan(150);
      // A thread of its own gives them back, a moment later.
      await until(
        () => residentMB(pid),
        (now) => now < peakResidentMB(pid) - 100,
      );
      expect(residentMB(pid)).toBeLessThan(peakResidentMB(pid) - 100);
    } finally {
      killGroup(shell.pid, 'SIGKILL');
    }
  });

  it('tells processor time of the server and of children that have ended', async () => {
    const script = `sh -c 'i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done'; echo done; sleep 60`;
    const shell = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(shell.stdout, 'data');
      expect(cpuSeconds(shell.pid ?? 0)).toBeGreaterThan(0.05);
    } finally {
      killGroup(shell.pid, 'SIGKILL');
    }
  });

  it('is nothing after its end', () => {
    expect(residentMB(2 ** 30)).toBe(0);
  });
});
