/**
 * The list of upstream proxies, in the form of `GOPROXY` (Go Modules Reference, "Communicating with proxies").
 *
 * After a comma the next entry is asked only if this one answered 404 or 410; after a pipe, on any error. `off` and
 * `direct` end the list: what follows them is never asked.
 */

/** One upstream proxy. */
export interface UpstreamProxy {
  /** http, https or file URL without credentials and without a trailing slash. */
  url: string;
  credentials: { username: string; password: string } | undefined;
  /** When the next entry is asked. */
  fallbackOn: 'not-found' | 'any-error';
}

export interface UpstreamList {
  proxies: UpstreamProxy[];
  /** Whether the list ends with `direct`. */
  direct: boolean;
}

/** Reads `text`; a string says what is wrong with it. An empty list means that nothing is passed on. */
export function parseUpstream(text: string): UpstreamList | string {
  const proxies: UpstreamProxy[] = [];
  const entries = [...text.matchAll(/([^,|]*)([,|]|$)/g)].filter(([, entry]) => entry?.trim());
  for (const [, raw = '', separator] of entries) {
    const entry = raw.trim();
    if (entry === 'off' || entry === 'direct') return { proxies, direct: entry === 'direct' };
    const proxy = parseProxy(entry, separator === '|' ? 'any-error' : 'not-found');
    if (typeof proxy === 'string') return proxy;
    proxies.push(proxy);
  }
  return { proxies, direct: false };
}

function parseProxy(entry: string, fallbackOn: UpstreamProxy['fallbackOn']): UpstreamProxy | string {
  // As the go command reads it: a bare host is reached over https.
  const text = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(entry) ? entry : `https://${entry}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The entry is not repeated in a message: it may hold a password.
  if (!url || !/[.:/]/.test(entry)) {
    return 'holds an entry that is not a URL; write off, or proxies such as https://proxy.corp';
  }
  if (!['http:', 'https:', 'file:'].includes(url.protocol)) {
    return `holds a URL that begins with ${url.protocol}//; a proxy has an http, https or file URL`;
  }
  if (url.search || url.hash) return 'holds a URL with a query (?) or fragment (#); a proxy has none';
  const username = decode(url.username);
  const credentials = url.username || url.password ? { username, password: decode(url.password) } : undefined;
  url.username = '';
  url.password = '';
  return { url: url.href.replace(/\/+$/, ''), credentials, fallbackOn };
}

/** A stray `%` is what it looks like: URL parsers let it pass, so does this. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
