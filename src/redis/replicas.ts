/** The other replicas, as far as Redis reaches them: leases on cold fetches, and what they tell each other. */
import { NO_LEASE, type Lease } from '../concurrency/lease.js';
import { RedisLeases } from './redis-leases.js';
import { RedisLink, type RedisLog } from './redis-link.js';
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
  readonly lease: Lease;
  private readonly link: RedisLink | undefined;
  private readonly leases: RedisLeases | undefined;
  private readonly messages: ReplicaMessages | undefined;

  constructor({ url, store, timeoutMs, log }: ReplicasOptions) {
    const scope = store === undefined ? '' : `${store.bucket}/${store.prefix}`;
    this.link = url === undefined ? undefined : new RedisLink({ url, log });
    this.messages = this.link && new ReplicaMessages(this.link, scope);
    this.leases = this.link && new RedisLeases({ link: this.link, scope, timeoutMs });
    this.lease = this.leases ?? NO_LEASE;
  }

  /** Begins to connect and to listen. */
  async listen({ onPush, onPurge, onReload, onMissed }: ReplicaListeners): Promise<void> {
    await this.messages?.listen((message) => {
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
    this.leases?.pushed();
    this.messages?.tell({ type: 'push', push });
  }

  tellPurge(): void {
    this.messages?.tell({ type: 'purged' });
  }

  tellReload(): void {
    this.leases?.pushed(); // an edited map may have what was found not to exist
    this.messages?.tell({ type: 'reload' });
  }

  /** For `/-/status`: undefined without Redis. */
  report(): { reached: boolean } | undefined {
    return this.link && { reached: this.link.isUp };
  }

  close(): void {
    this.link?.close();
  }
}
