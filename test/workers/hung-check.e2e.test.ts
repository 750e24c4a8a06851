import { spawn, type ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { HungCheck, processState, type ProcessState } from '../../src/workers/hung-check.js';

const LOOK_MS = 250;

/** How long it takes until a worker counts as hung that is found so at each look, in milliseconds. */
function hungAfter(stateAfter: (ms: number) => ProcessState | undefined): number {
  const check = new HungCheck(stateAfter(0));
  for (let ms = LOOK_MS; ; ms += LOOK_MS) if (check.isHung(LOOK_MS, stateAfter(ms))) return ms;
}

describe('HungCheck', () => {
  it('takes a worker for hung that sleeps, or is stopped, for 5 s', () => {
    expect(hungAfter(() => ({ isReady: false, cpuMs: 70 }))).toBe(5_000);
  });

  it('takes a worker for hung that computed for 5 s', () => {
    expect(hungAfter((ms) => ({ isReady: true, cpuMs: ms }))).toBe(5_000);
    // With several threads on several processors.
    expect(hungAfter((ms) => ({ isReady: true, cpuMs: 4 * ms }))).toBe(5_000);
  });

  it('waits longer for one that is given no processor, but not for ever', () => {
    expect(hungAfter((ms) => ({ isReady: true, cpuMs: ms / 4 }))).toBe(20_000);
    expect(hungAfter(() => ({ isReady: true, cpuMs: 70 }))).toBe(60_000);
  });

  it('goes by the time alone where the system says nothing', () => {
    expect(hungAfter(() => undefined)).toBe(5_000);
  });
});

describe.runIf(process.platform === 'linux')('processState', () => {
  const children: ChildProcess[] = [];
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));
  function start(program: string): number {
    const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
    children.push(child);
    return child.pid ?? 0;
  }

  it('tells a process that computes from one that sleeps, and one that is stopped', async () => {
    const busy = start('for (;;);');
    await expect.poll(() => processState(busy)?.cpuMs).toBeGreaterThan(500);
    expect(processState(busy)?.isReady).toBe(true);
    const idle = start('setInterval(() => undefined, 1e6)');
    await expect.poll(() => processState(idle)).toMatchObject({ isReady: false });
    process.kill(busy, 'SIGSTOP');
    await expect.poll(() => processState(busy)).toMatchObject({ isReady: false });
  });

  it('knows nothing of a process that is not there', () => {
    expect([processState(undefined), processState(2 ** 22 + 1)]).toEqual([undefined, undefined]);
  });
});
