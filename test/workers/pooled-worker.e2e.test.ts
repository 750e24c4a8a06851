/** A worker as the main process sees it, with programs in place of the worker that answer, refuse or say nothing. */
import cluster from 'node:cluster';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Faults } from '../../src/log/faults.js';
import type { WorkerStart } from '../../src/workers/messages.js';
import { PooledWorker } from '../../src/workers/pooled-worker.js';
import { tempDir } from '../support/tmp.js';

const START = { socket: '/nowhere.sock' } as WorkerStart;
const running: PooledWorker[] = [];
afterEach(async () => {
  for (const worker of running.splice(0)) {
    worker.kill();
    await worker.ended;
  }
});

/** Starts a program that gets each message of the main process as `message`. */
async function start(onMessage: string): Promise<{ worker: PooledWorker; logged: string[]; faults: Faults }> {
  const program = path.join(await tempDir('worker'), 'program.mjs');
  await writeFile(
    program,
    `process.on('message', (message) => { ${onMessage} });
     process.on('disconnect', () => process.exit(0));
     process.send({ type: 'ready' });`,
  );
  cluster.setupPrimary({ exec: program, args: [], execArgv: [] });
  const logged: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });
  const faults = new Faults({ log: pino({ level: 'silent' }) });
  const worker = new PooledWorker({ start: () => START, log, faults, onDamaged: () => undefined });
  running.push(worker);
  return { worker, logged, faults };
}

const LISTENS = `if (message.type === 'start') process.send({ type: 'listening', address: null });`;

describe('PooledWorker', () => {
  it('is told how to start, and listens', async () => {
    const { worker } = await start(
      `if (message.start.socket === '/nowhere.sock') process.send({ type: 'listening', address: null });`,
    );
    await worker.listening;
    expect(worker.pid).toBeGreaterThan(0);
  });

  it('gives the reason when it cannot listen, and when it ends before', async () => {
    const refuses = await start(`process.send({ type: 'failed', reason: 'EADDRINUSE' });`);
    await expect(refuses.worker.listening).rejects.toThrow('EADDRINUSE');
    const ends = await start('process.exit(3);');
    await expect(ends.worker.listening).rejects.toThrow('a worker ended before it listened (3)');
  });

  it('has forgotten when it says so, and says how many connections it holds', async () => {
    const { worker } = await start(
      `${LISTENS} if (message.id) process.send({ type: 'done', id: message.id, connections: 7 });`,
    );
    await worker.listening;
    await worker.forget(undefined);
    await worker.ping();
    expect(worker.held).toBe(7);
  });

  it('counts the faults that it tells of', async () => {
    const fault = { id: 'a1', at: '2026-01-02T03:04:05Z', where: 'request', text: 'broken' };
    const { worker, faults } = await start(
      `process.send({ type: 'fault', record: ${JSON.stringify(fault)} }); ${LISTENS}`,
    );
    await worker.listening;
    expect(faults.report()).toEqual({ count: 1, last: [fault] });
  });

  it('is killed when it does not answer, and nothing waits for it any longer', async () => {
    const { worker, logged } = await start(LISTENS);
    await worker.listening;
    await worker.forget(undefined);
    await worker.ended;
    expect(worker.exit).toBe('SIGKILL');
    expect(logged.join('')).toContain('a worker does not answer and is killed');
    await worker.ping(); // at once
  });
});
