/** The other replicas, as far as Redis reaches them: leases on cold fetches, and what they tell each other. */
import type { Lease } from '../concurrency/lease.js';
import { RedisLeases } from './redis-leases.js';
import type { RedisLog, RedisReport } from './redis-connection.js';
import { RedisLink } from './redis-link.js';
import { ReplicaMessages } from './replica-messages.js';

export interface ReplicasOptions {
  /** Undefined: this replica is alone, or does without. */
  url: string | undefined;
  /** The bucket that the replicas share: those of another one may use the same Redis. Undefined: a disk. */
  store: { bucket: string; prefix: string } | undefined;
  /** How long another replica's fetch is waited for, in milliseconds. */
  timeoutMs: () => number;
  log: RedisLog;
}

export interface ReplicaListeners {
  /** A webhook came to another replica. */
  onPush: (push: unknown) => void;
  /** Another replica purged something. */
  onPurge: () => void;
  /** Another replica read its files again. */
  onReload: () => void;
  /** Messages may have been lost. */
  onMissed: () => void;
}

export class Replicas {
  private readonly link: RedisLink;
  private readonly leases: RedisLeases;
  private readonly messages: ReplicaMessages;

  constructor({ url, store, timeoutMs, log }: ReplicasOptions) {
    const scope = store === undefined ? '' : `${store.bucket}/${store.prefix}`;
    this.link = new RedisLink(url, log);
    this.messages = new ReplicaMessages(this.link, scope);
    this.leases = new RedisLeases({ link: this.link, scope, timeoutMs });
  }

  get lease(): Lease {
    return this.leases;
  }

  /** Takes another Redis, or none, from now on: leases that were had in the one before end by themselves. */
  use(url: string | undefined): Promise<void> {
    return this.link.use(url);
  }

  /** Begins to connect and to listen. */
  async listen({ onPush, onPurge, onReload, onMissed }: ReplicaListeners): Promise<void> {
    await this.messages.listen((message) => {
      switch (message.type) {
        case 'push':
          onPush(message.push);
          break;
        case 'purged':
          onPurge();
          break;
        case 'reload':
          onReload();
          break;
      }
    }, onMissed);
  }

  tellPush(push: unknown): void {
    this.leases.pushed();
    this.messages.tell({ type: 'push', push });
  }

  tellPurge(): void {
    this.messages.tell({ type: 'purged' });
  }

  tellReload(): void {
    this.leases.pushed(); // an edited map may have what was found not to exist
    this.messages.tell({ type: 'reload' });
  }

  /** For `/-/status`: undefined without Redis. */
  report(): RedisReport | undefined {
    return this.link.report();
  }

  close(): void {
    this.link.close();
  }
}
