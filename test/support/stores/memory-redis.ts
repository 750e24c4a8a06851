/** A Redis in memory, as far as leases use it, for tests that decide when it answers and what time it is. */
import type { RedisClientType } from 'redis';
import { ACQUIRE, PROLONG, RELEASE } from '../../../src/redis/lease-scripts.js';
import type { RedisLink } from '../../../src/redis/redis-link.js';

export class MemoryRedis {
  /** Whether no client is answered. */
  isAway = false;
  private readonly now: () => number;
  private readonly values = new Map<string, { text: string; until: number }>();

  /** `now` in milliseconds, from any begin. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** FLUSHALL. */
  flush(): void {
    this.values.clear();
  }

  /** A link over which `pass` lets each question through: it may fail before it arrives, or its answer may be lost. */
  link(pass: <T>(work: () => Promise<T>) => Promise<T>): Pick<RedisLink, 'ask' | 'send'> {
    const client = this.client() as unknown as RedisClientType;
    return {
      ask: (ask) => pass(() => this.answer(() => ask(client))).catch(() => undefined),
      send: (tell) => {
        pass(() => this.answer(() => tell(client))).catch(() => undefined);
      },
    };
  }

  private answer<T>(work: () => Promise<T>): Promise<T> {
    return this.isAway ? Promise.reject(new Error('nothing listens')) : work();
  }

  private client() {
    return {
      eval: (script: string, { keys, arguments: args }: { keys: string[]; arguments: string[] }) =>
        Promise.resolve(this.run(script, keys, args)),
      del: (key: string) => Promise.resolve(this.values.delete(key) ? 1 : 0),
      set: (key: string, text: string, { PX = Infinity }: { PX?: number } = {}) =>
        Promise.resolve(this.set(key, text, PX)),
    };
  }

  private run(script: string, keys: string[], args: string[]): unknown {
    const [key = '', fenceKey = '', epochKey = ''] = keys;
    const [first = '', ms = '', before = '', behind = ''] = args;
    const value = this.get(key);
    switch (script) {
      case ACQUIRE: {
        const known = this.get(epochKey);
        const epoch = known ?? first;
        if (known === undefined) this.set(epochKey, epoch);
        const refused = this.get(before + epoch + behind);
        if (refused !== undefined) return [0, epoch, refused];
        const fence = this.increase(fenceKey);
        if (value !== undefined) return [0, epoch, ''];
        this.set(key, `${first}:${fence}`, Number(ms));
        return [fence, epoch, ''];
      }
      case RELEASE:
        return value?.startsWith(first) === true && this.values.delete(key) ? 1 : 0;
      case PROLONG:
        if (value !== first) return 0;
        this.set(key, value, Number(ms));
        return 1;
      default:
        throw new Error('a script that this Redis does not know');
    }
  }

  private get(key: string): string | undefined {
    const found = this.values.get(key);
    return found === undefined || found.until <= this.now() ? undefined : found.text;
  }

  private set(key: string, text: string, ms = Infinity): 'OK' {
    this.values.set(key, { text, until: this.now() + ms });
    return 'OK';
  }

  private increase(key: string): number {
    const next = Number(this.get(key) ?? '0') + 1;
    this.set(key, String(next));
    return next;
  }
}
