/**
 * Which module path a page for people is about, by the host and the path of its URL.
 *
 * Two forms lead to the same page: the import path itself (`https://mycompany.com/go/foo`) and the whole import path behind
 * any name of this server (`https://goproxy.mycompany.com/mycompany.com/go/foo`). They are told apart by the first element:
 * a host name holds a dot. What follows an `@` is the version, and names no module.
 */
import type { VanityMap } from './vanity-map.js';

/**
 * The import path that `path` (decoded, beginning with `/`) on `host` (as a Host header gives it) means. It need not exist,
 * and may be that of a package below a module. The gate and the page must both use this function.
 */
export function pageSubject(map: Pick<VanityMap, 'host' | 'hosts'>, host: string, path: string): string {
  const [rest = ''] = path.replace(/^\/+|\/+$/g, '').split('@', 1);
  const [first = ''] = rest.split('/', 1);
  if (first.includes('.')) return rest.replace(/\/+$/, '');
  const asked = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  const base = map.hosts.has(asked) ? asked : map.host;
  return `${base}/${rest}`.replace(/\/+$/, '');
}
