/** Where the server listens: `HOST:PORT`, `[::1]:PORT`, `:PORT` (every IPv4 address) or `unix:/path`. */
import { isIPv6 } from 'node:net';

export type Listen = { host: string; port: number } | { path: string };

/** Reads `text`; undefined if it has none of these forms. Port 0 means any free one. */
export function parseListen(text: string): Listen | undefined {
  const socket = /^unix:(\/?[^/\0].*)$/.exec(text)?.[1];
  if (socket !== undefined) return { path: socket };
  const [, bracketed, name, portText] = /^(?:\[([^\]]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(portText);
  if (portText === undefined || port > 65535) return undefined;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : undefined;
  // Not `::`: listening there fails on machines where IPv6 is switched off, as in many containers.
  return { host: name === undefined || name === '' ? '0.0.0.0' : name, port };
}

/** Whether `host` stands for every address of the machine. */
function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host);
}

/** Whether only the machine itself can use `defaultPublicUrl(listen)`, although others reach the server. */
export function isDefaultUrlGuess(listen: Listen): boolean {
  return 'path' in listen || isEverywhere(listen.host);
}

/** `listen` as it is written. */
export function formatListen(listen: Listen): string {
  if ('path' in listen) return `unix:${listen.path}`;
  return `${isIPv6(listen.host) ? `[${listen.host}]` : listen.host}:${listen.port}`;
}

/** The address people reach `listen` at, if nothing else is configured: the default of `public_url`. */
export function defaultPublicUrl(listen: Listen, scheme: 'http' | 'https'): string {
  if ('path' in listen) return `${scheme}://localhost`;
  const host = isEverywhere(listen.host)
    ? 'localhost'
    : isIPv6(listen.host)
      ? `[${listen.host}]`
      : listen.host;
  return `${scheme}://${host}:${listen.port}`;
}
