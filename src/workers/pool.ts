/**
 * The workers of a server: started together, replaced when one dies, told what changes, ended in good order.
 *
 * They share the address to listen at. Everything with a state stays in the main process, which they ask over a unix
 * socket: so there is one fetch a version and one writer, however many workers there are.
 */
import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../log/log.js';
import type { FromWorker, ToWorker, WorkerSettings, WorkerStart } from './messages.js';

export interface PoolOptions extends Omit<WorkerStart, 'settings'> {
  count: number;
  settings: () => WorkerSettings;
  log: Logger;
}

export interface WorkerPool {
  /** Hands the settings of now to the workers. */
  settingsChanged(): void;
  /** Has every worker forget what may change; see `AnswerMemory.forgetChanging`. Resolves when they have. */
  forgetChanging(before?: number): Promise<void>;
  /** Resolves when the workers have answered what they were asked, and ended. */
  close(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./worker.js', import.meta.url));

/** How long a worker that does not say that it has forgotten is waited for. */
const FORGET_MS = 1_000;
/** The wait before a worker is replaced, doubled each time up to the last, and short again once one lives long. */
const REPLACE_MS = { first: 100, last: 10_000, stableAfter: 30_000 };

/** Starts the workers. Resolves when all of them listen; rejects with the reason if one cannot. */
export async function startPool({ count, settings, log, ...start }: PoolOptions): Promise<WorkerPool> {
  let isClosing = false;
  let forgets = 0;
  let wait = REPLACE_MS.first;
  const waiting = new Map<string, () => void>();
  const timers = new Set<NodeJS.Timeout>();

  cluster.setupPrimary({ exec: PROGRAM, args: [] });
  const workers = (): Worker[] => Object.values(cluster.workers ?? {}).flatMap((worker) => worker ?? []);
  const forgotten = (worker: Worker, id: number): string => `${worker.id} ${id}`;

  /** Resolves when the new worker listens. */
  function addWorker(): Promise<void> {
    const startedAt = Date.now();
    const worker = cluster.fork();
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        switch (message.type) {
          case 'ready':
            tell(worker, { type: 'start', start: { ...start, settings: settings() } });
            break;
          case 'listening':
            resolve();
            break;
          case 'failed':
            reject(new Error(message.reason));
            break;
          case 'forgotten':
            waiting.get(forgotten(worker, message.id))?.();
        }
      });
      worker.on('error', reject); // it could not be started
      worker.on('exit', () => {
        const { pid, exitCode: code, signalCode: signal } = worker.process;
        reject(new Error(`a worker ended before it listened (${signal ?? code})`));
        for (const [key, done] of waiting) if (key.startsWith(`${worker.id} `)) done();
        if (isClosing) return;
        log.error({ pid, code, signal }, 'a worker ended and is replaced');
        replace(Date.now() - startedAt);
      });
    });
  }

  function replace(lived: number): void {
    if (lived >= REPLACE_MS.stableAfter) wait = REPLACE_MS.first;
    const timer = setTimeout(() => {
      timers.delete(timer);
      addWorker().catch((error: unknown) => log.error({ err: error }, 'a worker could not be replaced'));
    }, wait);
    timers.add(timer);
    wait = Math.min(2 * wait, REPLACE_MS.last);
  }

  function tell(worker: Worker, message: ToWorker): void {
    if (worker.isConnected()) worker.send(message, () => undefined);
  }

  async function forgetIn(worker: Worker, id: number, before: number | undefined): Promise<void> {
    const key = forgotten(worker, id);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FORGET_MS);
      waiting.set(key, () => {
        clearTimeout(timer);
        resolve();
      });
      tell(worker, { type: 'forget', id, before });
    });
    waiting.delete(key);
  }

  async function close(): Promise<void> {
    isClosing = true;
    timers.forEach(clearTimeout);
    await Promise.all(
      workers().map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.on('exit', () => resolve());
            tell(worker, { type: 'end' });
          }),
      ),
    );
  }

  try {
    await Promise.all(Array.from({ length: count }, addWorker));
  } catch (error) {
    isClosing = true;
    for (const worker of workers()) worker.process.kill('SIGKILL');
    throw error;
  }
  return {
    settingsChanged() {
      for (const worker of workers()) tell(worker, { type: 'settings', settings: settings() });
    },
    async forgetChanging(before) {
      forgets += 1;
      const id = forgets;
      await Promise.all(workers().map((worker) => forgetIn(worker, id, before)));
    },
    close,
  };
}
