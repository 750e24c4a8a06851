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

export function createSumdbSource({
  client,
  proxies,
  address = (name) => `https://${name}`,
}: SumdbSourceOptions): SumdbSource {
  const chosen = new Map<string, Base>();
  const flights = createSingleflight();

  async function baseOf(name: string): Promise<Base> {
    const base = chosen.get(name);
    if (base?.list === proxies() && monotonicNow() < base.until) return base;
    return flights.run(name, async () => {
      const list = proxies();
      const until = monotonicNow() + CHOICE_MS;
      const proxy = await firstSupporting(list, name);
      const choice: Base =
        proxy === undefined
          ? { proxy: ownAddress(name), prefix: '', list, until }
          : { proxy, prefix: `/sumdb/${name}`, list, until };
      chosen.set(name, choice);
      return choice;
    });
  }

  /** Undefined if all of them say that they do not pass it through. Throws what the list throws otherwise. */
  async function firstSupporting(
    list: readonly UpstreamProxy[],
    name: string,
  ): Promise<UpstreamProxy | undefined> {
    const path = `/sumdb/${name}/supported`;
    let outage: unknown;
    for (const proxy of list) {
      try {
        await client.readFrom(proxy, path, (answer) => readText(answer, path));
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

  function ownAddress(name: string): UpstreamProxy {
    return { url: address(name), credentials: undefined, fallbackOn: 'not-found' };
  }

  return {
    async read(name, path) {
      const { proxy, prefix } = await baseOf(name);
      const full = `${prefix}/${path}`;
      try {
        return await client.readFrom(proxy, full, (answer) => readText(answer, full));
      } catch (error) {
        // It may be another one that passes it through by now.
        if (!isModhavenError(error, 'MODULE_NOT_FOUND', 'VERSION_GONE')) chosen.delete(name);
        throw prefix === '' ? ofDatabase(error, name) : error;
      }
    },
  };
}

/** The same failure, in words that fit: no upstream proxy was asked. */
function ofDatabase(error: unknown, name: string): unknown {
  if (!isModhavenError(error)) return error;
  const message = error.message.replace('the upstream proxy', `the checksum database ${name}`);
  const { reason, remedy, remedyBy } = error;
  return new ModhavenError(error.code, message, { reason, remedy, remedyBy, cause: error });
}
