/** One worker as the main process sees it: started, asked, watched, and killed when it hangs. */
import cluster, { type Worker } from 'node:cluster';
import type { Faults } from '../log/faults.js';
import type { Logger } from '../log/log.js';
import type { Family } from '../metrics/families.js';
import type { DamagedPart } from '../store/checked-store.js';
import type { FromWorker, ServerAddress, ToWorker, WorkerStart } from './messages.js';
import { HungCheck, processState } from './hung-check.js';

export interface PooledWorkerOptions {
  /** What it is told at its start, with the settings of then. */
  start: () => WorkerStart;
  log: Logger;
  faults: Faults;
  /** Told of a stored part that the worker found damaged. */
  onDamaged: (part: DamagedPart) => void;
}

/** How often this process looks whether a worker has answered, in milliseconds. */
const POLL_MS = 250;

export class PooledWorker {
  /** Resolves when the worker listens, with where that is; rejects with the reason if it cannot. */
  readonly listening: Promise<ServerAddress>;
  /** Resolves when the worker has ended. */
  readonly ended: Promise<void>;
  private readonly worker: Worker;
  private readonly options: PooledWorkerOptions;
  /** By the id of what was asked, what is done when it is answered. */
  private readonly waiting = new Map<number, (answer?: FromWorker) => void>();
  private lastId = 0;
  private isStarted = false;
  private isHung = false;
  private connections = 0;

  constructor(options: PooledWorkerOptions) {
    this.options = options;
    this.worker = cluster.fork();
    this.ended = new Promise((resolve) => this.worker.once('exit', () => resolve()));
    this.listening = new Promise((resolve, reject) => {
      this.worker.on('message', (message: FromWorker) => {
        if (message.type === 'listening') resolve(message.address);
        else if (message.type === 'failed') reject(new Error(message.reason));
        else this.receive(message);
      });
      this.worker.on('error', reject); // it could not be started
      this.worker.once('exit', () => reject(new Error(`a worker ended before it listened (${this.exit})`)));
    });
    this.listening.catch(() => undefined); // callers that wait are told; that none waits is not a fault
    void this.ended.then(() => {
      for (const done of this.waiting.values()) done();
    });
  }

  get pid(): number | undefined {
    return this.worker.process.pid;
  }

  /** The signal or exit code it ended with. */
  get exit(): string {
    const { exitCode, signalCode } = this.worker.process;
    return signalCode ?? String(exitCode);
  }

  /** Connections that it held when it last said so. */
  get held(): number {
    return this.connections;
  }

  /** Resolves when the worker has said how many connections it holds, or has ended. */
  async ping(): Promise<void> {
    if (!this.worker.isDead()) await this.ask((id) => ({ type: 'ping', id }));
  }

  tell(message: ToWorker): void {
    if (this.worker.isConnected()) this.worker.send(message, () => undefined);
  }

  /**
   * Has the worker forget what may change. Resolves when it has, or when it has ended: one that does not answer is killed,
   * because it might give out, once it goes on, what others know to be outdated.
   */
  async forget(before: number | undefined): Promise<void> {
    if (this.isStarted && !this.worker.isDead()) await this.ask((id) => ({ type: 'forget', id, before })); // else it holds nothing
  }

  /** The figures of the worker, which is called `process` there; none if it ends meanwhile. */
  async metrics(process: string): Promise<Family[]> {
    const answer = await this.ask((id) => ({ type: 'metrics', id, process }));
    return answer?.type === 'metrics' ? answer.families : [];
  }

  kill(): void {
    this.worker.process.kill('SIGKILL');
  }

  private receive(message: FromWorker): void {
    if (message.type === 'ready') {
      this.isStarted = true;
      this.tell({ type: 'start', start: this.options.start() });
    } else if (message.type === 'done' || message.type === 'metrics') {
      if (message.type === 'done') this.connections = message.connections ?? this.connections;
      this.waiting.get(message.id)?.(message);
    } else if (message.type === 'fault') {
      this.options.faults.add(message.record);
    } else if (message.type === 'damaged') {
      this.options.onDamaged(message.part);
    }
  }

  /**
   * Resolves with what the worker answered, or when it has ended; one that hangs is killed (`hung-check.ts`). Looks
   * are counted rather than the time measured: while this process itself stands still, an answer may be waiting that it has
   * not read yet.
   */
  private ask(message: (id: number) => ToWorker): Promise<FromWorker | undefined> {
    this.lastId += 1;
    const id = this.lastId;
    return new Promise((resolve) => {
      const check = new HungCheck(processState(this.pid));
      const timer = setInterval(() => {
        if (check.isHung(POLL_MS, processState(this.pid))) this.killHung();
      }, POLL_MS);
      this.waiting.set(id, (answer) => {
        clearInterval(timer);
        this.waiting.delete(id);
        resolve(answer);
      });
      this.tell(message(id));
    });
  }

  /** Several questions may be without an answer: it is said once. */
  private killHung(): void {
    if (this.isHung) return;
    this.isHung = true;
    this.options.log.error({ pid: this.pid }, 'a worker does not answer and is killed');
    this.kill();
  }
}
