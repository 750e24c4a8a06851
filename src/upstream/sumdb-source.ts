/**
 * Where a public checksum database is read: through the first upstream that passes it through, else at its own address
 * (`cmd/go/internal/modfetch/sumdb.go`, initBase). An upstream that passes it through is the only one asked: what it
 * does not find is not asked for elsewhere.
 */
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import type { UpstreamProxy } from '../module/address/goproxy-list.js';
import { ModhavenError, isModhavenError } from '../errors.js';
import { createSingleflight } from '../concurrency/singleflight.js';
import type { GoproxyClient } from './goproxy-client.js';
import { readText } from './protocol.js';

export interface SumdbSource {
  /** The answer of database `name` for `path` (as in `sumdb/format/request.ts`). Throws as `GoproxyClient` does. */
  read(name: string, path: string): Promise<Buffer>;
}

export interface SumdbSourceOptions {
  client: GoproxyClient;
  proxies: () => readonly UpstreamProxy[];
  /** The own address of a database. */
  address?: (name: string) => string;
}

interface Base {
  proxy: UpstreamProxy;
  prefix: string;
  /** The list it was chosen from: another one chooses anew. */
  list: readonly UpstreamProxy[];
  until: number;
}

/** How long, in milliseconds, a choice lasts. */
const CHOICE_MS = 600_000;

export function createSumdbSource(options: SumdbSourceOptions): SumdbSource {
  return new UpstreamSumdbs(options);
}

class UpstreamSumdbs implements SumdbSource {
  private readonly client: GoproxyClient;
  private readonly proxies: SumdbSourceOptions['proxies'];
  private readonly address: (name: string) => string;
  private readonly chosen = new Map<string, Base>();
  private readonly flights = createSingleflight();

  constructor({ client, proxies, address = (name) => `https://${name}` }: SumdbSourceOptions) {
    this.client = client;
    this.proxies = proxies;
    this.address = address;
  }

  async read(name: string, path: string): Promise<Buffer> {
    const { proxy, prefix } = await this.baseOf(name);
    const full = `${prefix}/${path}`;
    try {
      return await this.client.readFrom(proxy, full, (answer) => readText(answer, full));
    } catch (error) {
      // It may be another one that passes it through by now.
      if (!isModhavenError(error, 'MODULE_NOT_FOUND', 'VERSION_GONE')) this.chosen.delete(name);
      throw prefix === '' ? ofDatabase(error, name) : error;
    }
  }

  private async baseOf(name: string): Promise<Base> {
    const base = this.chosen.get(name);
    if (base?.list === this.proxies() && monotonicNow() < base.until) return base;
    return this.flights.run(name, async () => {
      const list = this.proxies();
      const until = monotonicNow() + CHOICE_MS;
      const proxy = await this.firstSupporting(list, name);
      const choice: Base =
        proxy === undefined
          ? { proxy: this.ownAddress(name), prefix: '', list, until }
          : { proxy, prefix: `/sumdb/${name}`, list, until };
      this.chosen.set(name, choice);
      return choice;
    });
  }

  /** Undefined if all of them say that they do not pass it through. Throws what the list throws otherwise. */
  private async firstSupporting(
    list: readonly UpstreamProxy[],
    name: string,
  ): Promise<UpstreamProxy | undefined> {
    const path = `/sumdb/${name}/supported`;
    let outage: unknown;
    for (const proxy of list) {
      try {
        await this.client.readFrom(proxy, path, (answer) => readText(answer, path));
        return proxy;
      } catch (error) {
        if (isModhavenError(error, 'MODULE_NOT_FOUND', 'VERSION_GONE')) continue;
        if (proxy.fallbackOn === 'not-found') throw error;
        outage = error;
      }
    }
    if (outage !== undefined) throw outage as Error;
    return undefined;
  }

  private ownAddress(name: string): UpstreamProxy {
    return { url: this.address(name), credentials: undefined, fallbackOn: 'not-found' };
  }
}

/** The same failure, in words that fit: no upstream proxy was asked. */
function ofDatabase(error: unknown, name: string): unknown {
  if (!isModhavenError(error)) return error;
  const message = error.message.replace('the upstream proxy', `the checksum database ${name}`);
  const { reason, remedy, remedyBy } = error;
  return new ModhavenError(error.code, message, { reason, remedy, remedyBy, cause: error });
}
