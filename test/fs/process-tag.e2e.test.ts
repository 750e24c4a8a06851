/** Tags of processes, with real ones. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ownerState, processTag } from '../../src/fs/process-tag.js';
import { sealedEnv } from '../support/run.js';

const MODULE = fileURLToPath(new URL('../../build/fs/process-tag.js', import.meta.url));

describe('processTag', () => {
  it('is alive as long as its process is, and dead after a kill -9', async () => {
    const script = `import { processTag } from ${JSON.stringify(MODULE)};
      process.stdout.write(processTag()); setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env: sealedEnv() });
    const [tag] = (await once(child.stdout, 'data')) as [Buffer];
    const name = `.tmp-${tag.toString()}-0123456789ab`;
    expect(ownerState(name)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(ownerState(name)).toBe('dead');
  });

  it('does not take a new process of the same number for the old one', () => {
    const [pid, start, place] = processTag().split('-');
    expect(ownerState(`upstream-${processTag()}-x`)).toBe('alive');
    expect(ownerState(`upstream-${pid ?? ''}-${start ?? ''}0-${place ?? ''}-x`)).toBe('dead');
  });

  it('does not know of processes elsewhere', () => {
    expect(ownerState('.tmp-1-abc-01234567-0123456789ab')).toBe('unknown');
    expect(ownerState('.tmp-1-0123456789ab')).toBe('unknown');
    expect(ownerState('upstream-AbCdEf')).toBe('unknown');
  });
});
