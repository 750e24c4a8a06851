/**
 * Modules whose paths are similar to an unknown one: "did you mean …?" for a developer who misspelt it.
 *
 * The caller decides who may be told of them. The names of the store are listed once a minute at most, and a developer
 * does not wait long for them.
 */
import { distance } from 'fastest-levenshtein';
import { LRUCache } from 'lru-cache';

export interface NearModulesOptions {
  /** The modules in the store. */
  stored: () => AsyncIterable<string>;
  /** Modules that rules name. */
  ruled: () => Iterable<string>;
}

const LISTED_MS = 60_000;
/** Names that are looked through. */
const MAX_NAMES = 50_000;
/** How long a question waits for the list of the store, in milliseconds. */
const WAIT_MS = 200;
const MAX_FOUND = 5;

export class NearModules {
  private readonly options: NearModulesOptions;
  private readonly found = new LRUCache<string, string[]>({ max: 1_000, ttl: LISTED_MS });
  private names: readonly string[] = [];
  private listedAt = -Infinity;
  private listing: Promise<void> | undefined;

  constructor(options: NearModulesOptions) {
    this.options = options;
  }

  /**
   * The most similar ones of at most two letters' difference (one in a short path), best first; never `path` itself. None where a
   * rule names `path`: it is spelled right, and something else is wrong.
   */
  async near(path: string): Promise<string[]> {
    const known = this.found.get(path);
    if (known !== undefined) return known;
    const ruled = new Set(this.options.ruled());
    if (ruled.has(path)) return [];
    await this.list();
    const found = nearest(path, [...new Set([...ruled, ...this.names])]);
    if (this.names.length > 0) this.found.set(path, found);
    return found;
  }

  private async list(): Promise<void> {
    if (performance.now() - this.listedAt < LISTED_MS) return;
    this.listing ??= this.readNames().finally(() => (this.listing = undefined));
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, WAIT_MS)));
    await Promise.race([this.listing, tooLong]).finally(() => clearTimeout(timer));
  }

  /** A store that cannot be read has no names; what failed is told where it matters. */
  private async readNames(): Promise<void> {
    const names: string[] = [];
    try {
      for await (const name of this.options.stored()) {
        names.push(name);
        if (names.length >= MAX_NAMES) break;
      }
    } catch {
      names.length = 0;
    }
    this.names = names;
    this.listedAt = performance.now();
    this.found.clear();
  }
}

/**
 * `go` asks for every path above the one that was typed, and shows the failure of the longest: so a known path is compared with
 * as many elements as it has.
 */
function nearest(path: string, names: readonly string[]): string[] {
  const elements = path.split('/');
  const near = names.flatMap((name) => {
    const written = elements.slice(0, name.split('/').length).join('/');
    const allowed = written.length < 8 ? 1 : 2;
    if (Math.abs(written.length - name.length) > allowed) return [];
    const steps = distance(written, name);
    return steps === 0 || steps > allowed ? [] : [{ name, steps }];
  });
  near.sort((a, b) => a.steps - b.steps || b.name.length - a.name.length || (a.name < b.name ? -1 : 1));
  return near.slice(0, MAX_FOUND).map(({ name }) => name);
}
