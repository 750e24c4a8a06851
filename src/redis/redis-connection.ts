/**
 * A connection to Redis (or Valkey) that nothing depends on: it comes and goes by itself, every question has a short
 * limit, and where there is no answer there is `undefined`. What is kept there may be gone at any moment.
 *
 * The client is loaded with the first connection.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RedisClientType } from 'redis';
import { noteSecret } from '../secrets.js';
import { isRefusal, redisWords } from './redis-words.js';

/** Until an answer, in milliseconds: what takes longer spares nothing. */
const ANSWER_MS = 500;
const CONNECT_MS = 2_000;
/** Between two attempts to connect, in milliseconds. */
const RETRY_MS = { first: 100, most: 3_000 };
/** After a question that was not answered in time, none is asked for so long, in milliseconds. */
const PAUSE_MS = 1_000;
/** So long after the last pause it is back, as far as the log says: one that is slow now and then is not two lines each time. */
const STEADY_MS = 10_000;

export interface RedisLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface RedisOptions {
  url: string;
  log: RedisLog;
  /** Whether messages may have been lost before this connection. */
  isLater: boolean;
}

/** What is known of a Redis, for `/-/status`. */
export interface RedisReport {
  /** `HOST:PORT/DATABASE` */
  place: string;
  /** Whether questions are answered now: leases, and what does not exist. */
  reached: boolean;
  /** Whether what other replicas say arrives. */
  listens: boolean;
  /** What the last question, or the attempt to connect or to listen, met; until one is answered again. */
  error: string | undefined;
}

/** Messages of other replicas; `onMissed` is called when some may not have arrived. */
export interface RedisListener {
  channel: string;
  onMessage: (text: string) => void;
  onMissed: () => void;
}

export class RedisConnection {
  private readonly options: RedisOptions;
  private client: RedisClientType | undefined;
  private subscriber: RedisClientType | undefined;
  private pausedUntil = 0;
  private wasUp: boolean | undefined;
  /** The words of the last warning. */
  private told: string | undefined;
  private isClosed = false;
  /** Whether the subscriber, or that of a connection before, was connected. */
  private wasReady: boolean;
  private isSubscribed = false;
  /** Whether Redis has refused to pass on messages, over a connection that stands. */
  private isRefused = false;
  private retry: NodeJS.Timeout | undefined;
  /** Why the last question, or the last attempt to connect, failed; and to listen. */
  private readonly failures: { ask?: string | undefined; listen?: string | undefined } = {};

  constructor(options: RedisOptions) {
    this.options = options;
    this.wasReady = options.isLater;
    const { password } = new URL(options.url);
    noteSecret(decodeURIComponent(password));
  }

  /** Whether questions are answered now. */
  get isUp(): boolean {
    return this.client?.isReady === true && performance.now() >= this.pausedUntil;
  }

  /** See `RedisReport`. */
  report(): RedisReport {
    const { host, pathname } = new URL(this.options.url);
    const reached = this.isUp;
    const listens = this.isSubscribed && this.subscriber?.isReady === true;
    const { ask, listen } = this.failures;
    const error = ask ?? (listens ? undefined : listen) ?? (reached ? undefined : 'no connection yet');
    return { place: `${host}${pathname === '/' ? '' : pathname}`, reached, listens, error };
  }

  /** Begins to connect; what is sent by others arrives at `listener`. Never fails. */
  async connect(listener: RedisListener): Promise<void> {
    const { createClient } = await import('redis');
    const make = (): RedisClientType =>
      createClient({
        url: this.options.url,
        // What waits in a queue while Redis is away is of no use when it is back.
        disableOfflineQueue: true,
        pingInterval: 5_000,
        socket: {
          connectTimeout: CONNECT_MS,
          // A connection over which nothing comes, not even the answer to a ping, is taken for broken.
          socketTimeout: 12_000,
          reconnectStrategy: (retries: number) =>
            Math.min(RETRY_MS.first * 2 ** Math.min(retries, 10), RETRY_MS.most),
        },
      });
    this.client = make();
    this.subscriber = make();
    this.client.on('ready', () => this.said(true));
    this.client.on('error', (error: unknown) => this.said(false, error));
    // Most often both lose the same Redis, and that was said.
    this.subscriber.on('error', (error: unknown) => (this.failures.listen = redisWords(error)));
    this.subscriber.on('ready', () => void this.subscribe(listener));
    if (this.isClosed) return;
    for (const client of [this.client, this.subscriber]) void client.connect().catch(() => undefined);
  }

  /**
   * Called for each new connection. The client subscribes anew by itself, but only where it has subscribed before: a
   * connection that breaks off during the first time would be the last that anything was asked of. Where Redis refuses,
   * it is asked again: an ACL is mended without a new connection.
   */
  private async subscribe(listener: RedisListener): Promise<void> {
    const { channel, onMessage, onMissed } = listener;
    const isFirst = !this.wasReady;
    this.wasReady = true;
    if (!this.isSubscribed) {
      try {
        await this.subscriber?.subscribe(channel, onMessage);
      } catch (error) {
        this.notSubscribed(listener, error);
        return;
      }
      this.isSubscribed = true;
      if (this.isRefused) this.options.log.info({}, 'Redis passes on messages of replicas');
      this.isRefused = false;
    }
    if (!isFirst) onMissed();
  }

  private notSubscribed(listener: RedisListener, error: unknown): void {
    if (this.isClosed) return;
    this.failures.listen = redisWords(error);
    if (this.subscriber?.isReady !== true) {
      this.said(false, error); // the connection broke off, and the next one asks again
      return;
    }
    if (!this.isRefused) {
      const text =
        'Redis passes on no messages of replicas: pushes and edits of others are seen after `refresh`';
      this.options.log.warn({ error: this.failures.listen }, text);
    }
    this.isRefused = true;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      if (this.subscriber?.isReady === true) void this.subscribe(listener);
    }, RETRY_MS.most).unref();
  }

  /** What `ask` answers; undefined where Redis does not, in time. */
  async ask<T>(ask: (client: RedisClientType) => Promise<T>): Promise<T | undefined> {
    const { client } = this;
    if (client === undefined || !this.isUp) return undefined;
    const timer = new AbortController();
    const late = delay(ANSWER_MS, LATE, { signal: timer.signal, ref: false }).catch(() => LATE);
    let failure: unknown = `no answer within ${ANSWER_MS} ms`;
    const answer = ask(client).catch((error: unknown) => {
      failure = error; // full, read-only, a script that it does not take
      return LATE;
    });
    const found = await Promise.race([answer, late]);
    timer.abort();
    if (found !== LATE) {
      this.failures.ask = undefined;
      if (performance.now() > this.pausedUntil + STEADY_MS) this.said(true);
      return found as T;
    }
    this.pausedUntil = performance.now() + PAUSE_MS;
    this.said(false, failure);
    return undefined;
  }

  /** Sends something without waiting for its answer, also to a Redis that is slow. */
  send(tell: (client: RedisClientType) => Promise<unknown>): void {
    const { client } = this;
    if (client?.isReady === true) tell(client).catch(() => undefined);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.retry);
    for (const client of [this.client, this.subscriber]) {
      try {
        client?.destroy();
      } catch {
        // It was never connected.
      }
    }
  }

  /** One line when it goes, one for what it refuses when it is there, and one when it is back: however long that takes. */
  private said(isUp: boolean, error?: unknown): void {
    if (this.isClosed) return;
    const words = isUp ? undefined : redisWords(error);
    this.failures.ask = words;
    // A connection that broke off may be refused when it comes back, and that is the cause to be told.
    const isCause = words !== undefined && isRefusal(error) && words !== this.told;
    if (isUp === this.wasUp && !isCause) return;
    this.wasUp = isUp;
    this.told = words;
    if (isUp) {
      this.options.log.info({}, 'Redis answers');
    } else {
      this.options.log.warn({ error: words }, 'Redis does not answer: replicas work without it');
    }
  }
}

const LATE = Symbol('late');
