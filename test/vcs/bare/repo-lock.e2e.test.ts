import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { RepoLock, type Lease } from '../../../src/vcs/bare/repo-lock.js';
import { tempDir } from '../../support/tmp.js';

const MODULE = fileURLToPath(new URL('../../../build/vcs/bare/repo-lock.js', import.meta.url));

describe('RepoLock', () => {
  let dir: string;
  let lockDir: string;
  beforeEach(async () => {
    dir = path.join(await tempDir('lock'), 'x.git');
    lockDir = `${dir}.lock`;
  });

  it('runs one caller at a time, in their order', async () => {
    const lock = new RepoLock(dir);
    const log: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map(async (name) =>
        lock.run(async () => {
          log.push(`${name} begins`);
          await sleep(5);
          log.push(`${name} ends`);
        }),
      ),
    );
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    await expect(stat(lockDir)).rejects.toThrow('ENOENT');
  });

  it('goes on after a caller that failed, whose failure is its own', async () => {
    const lock = new RepoLock(dir);
    await expect(lock.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await lock.run(() => Promise.resolve('fine'))).toBe('fine');
  });

  it('is not blocked by what a dead process left, whatever its clock said', async () => {
    for (const seconds of [-3600, 3600]) {
      await mkdir(lockDir);
      const time = Date.now() / 1000 + seconds;
      await utimes(lockDir, time, time);
      expect(await new RepoLock(dir).run(() => Promise.resolve('mine'))).toBe('mine');
    }
  });

  it('waits for a live holder whose clock is ahead', async () => {
    await mkdir(lockDir);
    let offset = 3600;
    const renewal = setInterval(() => {
      offset += 1;
      void utimes(lockDir, Date.now() / 1000 + offset, Date.now() / 1000 + offset).catch(() => undefined);
    }, 500);
    let isMine = false;
    const turn = new RepoLock(dir).run(() => Promise.resolve((isMine = true)));
    await sleep(13_000);
    expect(isMine).toBe(false);
    clearInterval(renewal);
    await rm(lockDir, { recursive: true });
    await turn;
  });

  it('says that it was lost, and does the work again once', async () => {
    const leases: Lease[] = [];
    const result = await new RepoLock(dir).run(async (lease) => {
      leases.push(lease);
      lease.assertHeld();
      if (leases.length === 1) {
        await rm(lockDir, { recursive: true });
        await mkdir(lockDir); // as another process would
        setTimeout(() => void rm(lockDir, { recursive: true }), 200);
      }
      lease.assertHeld();
      return 'done';
    });
    expect(result).toBe('done');
    expect(leases.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it('keeps a holder that was stopped for too long from writing', { timeout: 60_000 }, async () => {
    const log = path.join(path.dirname(dir), 'log');
    await writeFile(log, '');
    const program = `
import { RepoLock } from ${JSON.stringify(MODULE)};
import { appendFileSync } from 'node:fs';
let n = 0;
await new RepoLock(${JSON.stringify(dir)}).run(async (lease) => {
  const attempt = ++n;
  appendFileSync(${JSON.stringify(log)}, 'begin ' + attempt + '\\n');
  for (let i = 0; i < (attempt === 1 ? 100000 : 1); i++) { lease.assertHeld(); await new Promise((done) => setTimeout(done, 5)); }
  appendFileSync(${JSON.stringify(log)}, 'end ' + attempt + '\\n');
});`;
    const holder: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', program]);
    const ended = new Promise((resolve) => holder.once('exit', resolve));
    while (!(await readFile(log, 'utf8')).includes('begin 1')) await sleep(20);
    holder.kill('SIGSTOP');
    await new RepoLock(dir).run(async () => {
      await writeFile(log, `${await readFile(log, 'utf8')}other begins\n`);
      holder.kill('SIGCONT');
      await sleep(500);
      await writeFile(log, `${await readFile(log, 'utf8')}other ends\n`);
    });
    await ended;
    const lines = ['begin 1', 'other begins', 'other ends', 'begin 2', 'end 2'];
    expect(await readFile(log, 'utf8')).toBe(`${lines.join('\n')}\n`);
  });
});
