/** Following redirects: the rules of where to are the caller's. */
import { discard } from './body.js';
import type { HttpResponse } from './request.js';

const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** An answer redirects in a way that cannot be followed. The message is a clause about the host. */
export class BadRedirect extends Error {}

/**
 * The answer at the end of the redirects, and the address that gave it. `ask` is called for each address; `check` before
 * each redirect is followed, and throws where it must not be. Throws `BadRedirect` where there are too many of them, or
 * one leads to no http address.
 */
export async function followRedirects(
  start: URL,
  ask: (url: URL) => Promise<HttpResponse>,
  check: (to: URL, from: URL) => void,
): Promise<{ response: HttpResponse; url: URL }> {
  let url = start;
  for (let hops = 0; ; hops += 1) {
    const response = await ask(url);
    const location = REDIRECTS.has(response.status) ? response.header('location') : undefined;
    if (location === undefined) return { response, url };
    void discard(response);
    if (hops === MAX_REDIRECTS) throw new BadRedirect(`it redirects more than ${MAX_REDIRECTS} times`);
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
    if (next === undefined || !/^https?:$/.test(next.protocol)) {
      throw new BadRedirect('it leads to something that is not an http address');
    }
    next.username = '';
    next.password = '';
    check(next, url);
    url = next;
  }
}
