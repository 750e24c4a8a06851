/**
 * Which web proxy a request goes through: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, read as the go command reads them
 * (golang.org/x/net/http/httpproxy).
 */
import { BlockList, isIP } from 'node:net';
import { noteSecret } from '../secrets.js';

/** The proxy that `env` names for `url`; undefined where the request goes straight to its host. Throws for a bad address. */
export function webProxyFor(url: URL, env: NodeJS.ProcessEnv): URL | undefined {
  const names = url.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const text = names.map((name) => env[name]?.trim()).find((value) => value !== undefined && value !== '');
  if (text === undefined || isExempt(url, env.NO_PROXY ?? env.no_proxy ?? '')) return undefined;
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const proxy = URL.canParse(address) ? new URL(address) : undefined;
  // The address is not repeated: it may hold a password.
  if (proxy === undefined || !['http:', 'https:'].includes(proxy.protocol)) {
    throw new Error(`${names.join('/')} holds no address of an http or https proxy`);
  }
  noteSecret(decoded(proxy.password));
  return proxy;
}

/** A stray `%` is what it looks like. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The value of the `Proxy-Authorization` header for the login in the address of a proxy. */
export function proxyAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const login = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

/** This machine is never asked through a proxy; neither is what the list names. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? DEFAULT_PORT[url.protocol] : url.port;
  if (host === 'localhost' || isLoopback(host)) return true;
  return list
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry !== '' && covers(entry, host, port));
}

const DEFAULT_PORT: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** `*`, `10.0.0.0/8`, `10.1.2.3`, `.example.com` (what is below), `example.com` (it and what is below); a port narrows. */
function covers(entry: string, host: string, port: string | undefined): boolean {
  if (entry === '*') return true;
  const network = /^(.*)\/(\d{1,3})$/.exec(entry);
  if (network !== null) return isWithin(host, network[1] ?? '', Number(network[2]));
  const [, name = entry, onlyPort] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const plain = name.replace(/^\[|\]$/g, '');
  if (isIP(plain) !== 0) return plain === host;
  const domain = plain.replace(/^\*(?=\.)/, '');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isLoopback(host: string): boolean {
  return isWithin(host, '127.0.0.0', 8) || host === '::1';
}

function isWithin(host: string, network: string, bits: number): boolean {
  const [own, family] = [isIP(host), isIP(network)];
  if (own === 0 || own !== family || bits > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, bits, type);
  return list.check(host, type);
}
