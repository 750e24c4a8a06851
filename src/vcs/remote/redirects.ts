/**
 * Where an http host sends git to, and whether git may go there.
 *
 * A rule names a host, and content comes from that host: a redirect to another origin is refused unless `vcs.hosts` allows
 * it (`follow_redirects`). git follows all redirects or none, so it is told to follow none; where it is sent on, it says
 * where to, and is then given the new address, if that is at the same host.
 */
import type { RepoUrl } from '../../module/repo-url.js';
import { redirectedAddress, type RepoAddress } from '../names/repo-address.js';
import type { HostAccess } from '../transport/access.js';
import { GitFailure } from '../transport/git-exec.js';

export interface Redirected<T> {
  access: HostAccess;
  /** Asks the host at this address, following no redirect. */
  work: (address: RepoAddress) => Promise<T>;
  /** What git writes about the headers of requests and responses when it lists the refs at this address. */
  look: (address: RepoAddress) => Promise<string>;
}

/** Redirects that are followed one after the other. */
const MAX_HOPS = 3;

/** The redirects of one repository. */
export class Redirects {
  /** Where the host sent us, until something goes wrong there. */
  #movedTo: RepoAddress | undefined;

  /** Runs `work` with the address that the host leads to. Throws what `work` throws, or a `GitFailure` about the redirect. */
  async follow<T>({ access, work, look }: Redirected<T>): Promise<T> {
    for (let hops = 0; ; hops += 1) {
      const address = this.#movedTo ?? access.address;
      try {
        return await work(address);
      } catch (error) {
        this.#movedTo = undefined;
        if (access.redirects !== 'same-host' || !isRedirect(error) || hops === MAX_HOPS) throw error;
        this.#movedTo = judgeRedirect(access.target, locationIn(await look(address)), address);
      }
    }
  }
}

function isRedirect(error: unknown): boolean {
  return error instanceof GitFailure && /returned error: 30[12378]\b/.test(error.stderr);
}

/** The last `Location` header in git's trace of http; undefined where there is none. */
export function locationIn(trace: string): string | undefined {
  return [...trace.matchAll(/<= Recv header: location: (\S+)/gi)].at(-1)?.[1];
}

/**
 * The address of the repository that a redirect from `address` leads to. Throws `GitFailure`, in words that
 * `failures/host-failures.ts` knows, where it leads to another origin or to what is not a repository. From http to https
 * of the same host is not another origin: it is the same host, and a safer way to it.
 */
export function judgeRedirect(repo: RepoUrl, location: string | undefined, address: string): RepoAddress {
  const query = '/info/refs?service=git-upload-pack';
  const asked = `${address.replace(/\/+$/, '')}${query}`;
  if (location === undefined || !URL.canParse(location, asked)) throw failure('redirect without an address');
  const from = new URL(asked);
  const to = new URL(location, asked);
  const isUpgrade =
    from.protocol === 'http:' &&
    to.protocol === 'https:' &&
    from.hostname === to.hostname &&
    repo.port === undefined;
  if (to.origin !== from.origin && !(isUpgrade && to.port === '')) {
    throw failure(`redirect to another origin: ${to.origin}`);
  }
  if (!to.href.endsWith(query)) throw failure(`redirect to a page: ${to.origin}${to.pathname}`);
  to.username = from.username;
  return redirectedAddress(to.href.slice(0, -query.length));
}

function failure(words: string): GitFailure {
  return new GitFailure('ls-remote', 128, `fatal: ${words}`);
}
