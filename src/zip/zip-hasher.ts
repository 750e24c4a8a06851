/**
 * The `h1:` hashes of zips that lie on the disk, computed away from the event loop where they take long.
 *
 * One thread, started for the first large zip and ended when it has had nothing to do for a while.
 */
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { programFile } from '../program-files.js';
import { hashZipFile, type ZipVerdict } from './hash-zip-file.js';
import type { HashReply, HashRequest } from './hash-thread.js';

/** Resolves with what a zip on the disk is; rejects if it cannot be read, which says nothing about it. */
export type HashZip = (file: string) => Promise<ZipVerdict>;

/** Zips up to this size take less time than a thread does to start, in bytes. */
const SMALL = 256 * 1024;
/** Zips that the thread reads at one time. */
const PARALLEL = 2;
/** How long an idle thread is kept, in milliseconds. */
const IDLE_MS = 30_000;

const PROGRAM = fileURLToPath(programFile('zip/hash-thread.js'));

export function createZipHasher(): HashZip {
  const thread = new HashThread();
  const limit = pLimit(PARALLEL);
  return async (file) => {
    const { size } = await stat(file);
    return size <= SMALL ? hashZipFile(file) : limit(() => thread.hash(file));
  };
}

interface WaitingCaller {
  resolve: (verdict: ZipVerdict) => void;
  reject: (error: unknown) => void;
}

class HashThread {
  private worker: Worker | undefined;
  private idle: NodeJS.Timeout | undefined;
  private readonly waiting = new Map<number, WaitingCaller>();
  private lastId = 0;

  hash(file: string): Promise<ZipVerdict> {
    clearTimeout(this.idle);
    this.worker ??= this.start();
    const id = (this.lastId += 1);
    const { worker } = this;
    worker.ref();
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      worker.postMessage({ id, file } satisfies HashRequest);
    });
  }

  private start(): Worker {
    const worker = new Worker(PROGRAM, { execArgv: [] });
    worker.on('message', (reply: HashReply) => this.settle(reply));
    worker.on('error', (error) => this.fail(error));
    worker.on('exit', () => this.fail(new Error('the thread that hashes zips ended')));
    return worker;
  }

  private settle(reply: HashReply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('verdict' in reply) waiting?.resolve(reply.verdict);
    else waiting?.reject(Object.assign(new Error(reply.failure.message), reply.failure));
    if (this.waiting.size > 0) return;
    this.worker?.unref(); // an idle thread keeps no command from ending
    this.idle = setTimeout(() => this.end(), IDLE_MS).unref();
  }

  private end(): void {
    const { worker } = this;
    this.worker = undefined;
    void worker?.terminate();
  }

  private fail(error: Error): void {
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
