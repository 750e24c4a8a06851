/**
 * Addresses that differ in upper and lower case alone. Many git hosts ignore case in paths, so one repository has as
 * many addresses as its path has spellings: where two of them list the same refs, they lead to one repository, which
 * has one mirror.
 */
import { LRUCache } from 'lru-cache';
import { isSameListing, type Listing } from './objects/refs.js';
import { repoKey, type RepoUrl } from '../module/repo-url.js';
import type { Spelling } from './types.js';

/** A repository that can be asked for its refs. */
export interface RefsSource {
  /** At most `maxAgeMs` old. */
  refs(maxAgeMs: number): Promise<Listing>;
}

interface KnownRepository<R> {
  address: string;
  remote: R;
  /** Addresses in the order in which they came; no more than are worth telling apart. */
  spellings: string[];
}

const MAX_REPOSITORIES = 10_000;
const MAX_SPELLINGS = 64;

export class Spellings<R extends RefsSource> {
  readonly #known = new LRUCache<string, KnownRepository<R>>({ max: MAX_REPOSITORIES });

  /** The repository that `repo`, which lists `listing` now, was first opened as, and which spelling this is. */
  async find(
    repo: RepoUrl,
    remote: R,
    listing: Listing,
    maxAgeMs: number,
  ): Promise<{ remote: R; spelling: Spelling }> {
    const address = repo.gitUrl;
    const own = { remote, spelling: { first: address, number: 0 } };
    const key = repoKey(repo).toLowerCase();
    const known = this.#known.get(key);
    if (known === undefined) {
      this.#known.set(key, { address, remote, spellings: [address] });
      return own;
    }
    if (known.address === address || !(await listsTheSame(known.remote, listing, maxAgeMs))) return own;
    if (!known.spellings.includes(address) && known.spellings.length < MAX_SPELLINGS) {
      known.spellings.push(address);
    }
    const at = known.spellings.indexOf(address);
    const number = isPlainest(address, known.spellings) ? 1 : at < 0 ? MAX_SPELLINGS : at;
    return { remote: known.remote, spelling: { first: known.address, number } };
  }
}

/**
 * Whether `address` has fewer capital letters than each of `others` that is another one. Most repositories are called so, and it
 * does not become the last of many because the wrong ones were asked for before; there can be no more of them than letters.
 */
function isPlainest(address: string, others: readonly string[]): boolean {
  const own = capitalsIn(address);
  return others.every((other) => other === address || capitalsIn(other) > own);
}

function capitalsIn(text: string): number {
  return text.match(/\p{Lu}/gu)?.length ?? 0;
}

/** Whether `remote` lists what `listing` says; what is known of it may be older, and is asked for again then. */
async function listsTheSame(remote: RefsSource, listing: Listing, maxAgeMs: number): Promise<boolean> {
  try {
    if (isSameListing(await remote.refs(Infinity), listing)) return true;
    return isSameListing(await remote.refs(maxAgeMs), listing);
  } catch {
    return false; // it cannot be asked now, or is gone: then it is not known to be the same
  }
}
