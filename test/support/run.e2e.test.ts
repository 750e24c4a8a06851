import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { mustRun, run } from './run.js';
import { removeTree, tempDir } from './tmp.js';

afterEach(() => vi.unstubAllEnvs());

describe('run', () => {
  it.each([
    {
      name: 'an exit status',
      script: 'echo out; echo err >&2; exit 3',
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    },
    { name: 'a signal', script: 'kill -TERM $$', code: 143, stdout: '', stderr: '' },
    { name: 'standard input', script: 'cat', code: 0, stdout: 'given', stderr: '' },
    {
      name: 'no user setting',
      script: 'echo "$GOPROXY$GIT_DIR$http_proxy"',
      code: 0,
      stdout: '\n',
      stderr: '',
    },
  ])('reports $name', async ({ script, code, stdout, stderr }) => {
    for (const name of ['GOPROXY', 'GIT_DIR', 'http_proxy']) vi.stubEnv(name, 'leak');
    expect(await run('sh', ['-c', script], { input: 'given' })).toMatchObject({ code, stdout, stderr });
  });

  it('kills what the program started, too, at the deadline', async () => {
    const dir = await tempDir('deadline');
    const result = await run('sh', ['-c', 'echo $$ >pid; sleep 600 & sleep 600'], {
      cwd: dir,
      timeoutMs: 300,
    });
    // A surviving child would hold standard output open, and run would not have come back.
    expect(result.code).toBe(124);
  });

  it('reports a program that is not there', async () => {
    expect(await run('no-such-program', [])).toMatchObject({
      code: 127,
      stderr: 'spawn no-such-program ENOENT',
    });
    await expect(mustRun('sh', ['-c', 'echo why >&2; exit 1'])).rejects.toThrow('ended with 1:\nwhy');
  });
});

describe('removeTree', () => {
  it('removes read-only directories and minds no missing ones', async () => {
    const dir = await tempDir('read-only');
    await mkdir(path.join(dir, 'a/b'), { recursive: true });
    await writeFile(path.join(dir, 'a/b/file'), '');
    await chmod(path.join(dir, 'a/b'), 0o500);
    await chmod(path.join(dir, 'a'), 0o500);
    removeTree(dir);
    expect(existsSync(dir)).toBe(false);
    removeTree(dir);
  });
});
