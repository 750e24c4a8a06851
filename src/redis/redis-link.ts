/** The Redis that the settings name, which may become another one, or none, while the server runs. */
import type { RedisClientType } from 'redis';
import { RedisConnection, type RedisListener, type RedisLog, type RedisReport } from './redis-connection.js';

export class RedisLink {
  private readonly log: RedisLog;
  private url: string | undefined;
  private connection: RedisConnection | undefined;
  private listener: RedisListener | undefined;

  /** `url`: undefined for none. */
  constructor(url: string | undefined, log: RedisLog) {
    this.log = log;
    this.url = url;
    this.connection = url === undefined ? undefined : new RedisConnection({ url, log, isLater: false });
  }

  /** Undefined without a Redis. */
  report(): RedisReport | undefined {
    return this.connection?.report();
  }

  /** Begins to connect; what is sent by others arrives at `listener`. Never fails. */
  async connect(listener: RedisListener): Promise<void> {
    this.listener = listener;
    await this.connection?.connect(listener);
  }

  /** Takes another Redis, or none, from now on. */
  async use(url: string | undefined): Promise<void> {
    if (url === this.url) return;
    const { log, listener } = this;
    this.connection?.close();
    this.url = url;
    this.connection = url === undefined ? undefined : new RedisConnection({ url, log, isLater: true });
    if (listener !== undefined) await this.connection?.connect(listener);
  }

  /** What `ask` answers; undefined where Redis does not, in time. */
  async ask<T>(ask: (client: RedisClientType) => Promise<T>): Promise<T | undefined> {
    return this.connection?.ask(ask);
  }

  /** Sends something without waiting for its answer, also to a Redis that is slow. */
  send(tell: (client: RedisClientType) => Promise<unknown>): void {
    this.connection?.send(tell);
  }

  close(): void {
    this.connection?.close();
  }
}
