import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { RepoLock, type WriteRight } from '../../../src/vcs/bare/repo-lock.js';
import { tempDir } from '../../support/tmp.js';

const MODULE = fileURLToPath(new URL('../../../build/vcs/bare/repo-lock.js', import.meta.url));

describe('RepoLock', () => {
  let dir: string;
  let lockDir: string;
  beforeEach(async () => {
    dir = path.join(await tempDir('lock'), 'x.git');
    lockDir = `${dir}.lock`;
  });

  it('is one lock for each repository, however many objects stand for it', async () => {
    const log: string[] = [];
    const turns = ['a', 'b', 'c'].flatMap((name) => [`${name}1`, `${name}2`]);
    await Promise.all(
      turns.map(async (name) =>
        new RepoLock(dir).run(async (lease) => {
          log.push(`${name} begins`);
          await sleep(5);
          lease.assertHeld();
          log.push(`${name} ends`);
        }),
      ),
    );
    expect(log).toEqual(turns.flatMap((name) => [`${name} begins`, `${name} ends`]));
    await expect(stat(lockDir)).rejects.toThrow('ENOENT');
  });

  it('is had at once where gc removed the folder of the mirror meanwhile', async () => {
    await mkdir(lockDir, { recursive: true });
    const turn = new RepoLock(dir).run(() => Promise.resolve('mine'));
    await sleep(100);
    await rm(path.dirname(dir), { recursive: true });
    expect(await turn).toBe('mine');
  });

  it('goes on after a caller that failed, whose failure is its own', async () => {
    const lock = new RepoLock(dir);
    await expect(lock.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await lock.run(() => Promise.resolve('fine'))).toBe('fine');
  });

  it('says that it was lost, and does the work again once', async () => {
    const leases: WriteRight[] = [];
    const result = await new RepoLock(dir).run(async (lease) => {
      leases.push(lease);
      lease.assertHeld();
      if (leases.length === 1) {
        await sleep(50); // else its time is the same to a file system that counts in ticks
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
