/**
 * A forward proxy that leads chosen host names to loopback ports and refuses everything else.
 *
 * With it in HTTP_PROXY, `go` and `git` reach `http://mycompany.com/…` on this machine without touching DNS or
 * /etc/hosts, and a test that asks for a host it did not set up gets 403 instead of the internet. `go` never sends
 * requests for localhost or 127.0.0.1 through a proxy; the variables given here tell git the same.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listenOnLoopback, type LoopbackHost } from '../loopback.js';

export interface ForwardProxy extends LoopbackHost {
  readonly url: string;
  /** HTTP_PROXY and its spellings, for the environment of a child. */
  readonly env: Record<string, string>;
  /** `HOST:PORT` of every request and tunnel, allowed or not, with the method. */
  readonly requests: { method: string; target: string; url: string }[];
  /** The targets among `requests` that led nowhere. */
  readonly refused: string[];
  /** Adds or changes a host; `undefined` takes it away. */
  setHost(host: string, port: number | undefined): void;
}

/** `hosts`: from `HOST` (which means port 80) or `HOST:PORT` to a port of 127.0.0.1. */
export async function forwardProxy(hosts: Record<string, number>): Promise<ForwardProxy> {
  const map = new Map<string, number>();
  const requests: ForwardProxy['requests'] = [];
  const refused: string[] = [];
  const setHost = (host: string, port: number | undefined): void => {
    const key = host.includes(':') ? host : `${host}:80`;
    if (port === undefined) map.delete(key);
    else map.set(key, port);
  };
  for (const [host, port] of Object.entries(hosts)) setHost(host, port);

  /** The loopback port for a request, which is recorded. */
  function admit(method: string, target: string, url: string): number | undefined {
    requests.push({ method, target, url });
    const port = map.get(target);
    if (port === undefined) refused.push(target);
    return port;
  }

  const server = http.createServer((request, response) => {
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
    const target =
      url === undefined ? 'no absolute URL' : `${url.hostname}:${url.port === '' ? '80' : url.port}`;
    const port = admit(request.method ?? '', target, request.url ?? '');
    if (url === undefined || port === undefined) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end(`no test host is called ${target}\n`);
    } else {
      forward(request, response, port, url.pathname + url.search);
    }
  });
  server.on('connect', (request: IncomingMessage, client: Socket, rest: Buffer) => {
    const target = request.url ?? '';
    const port = admit('CONNECT', target, target);
    client.on('error', () => client.destroy());
    if (port === undefined) client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    else tunnel(client, port, rest);
  });

  const host = await listenOnLoopback(server);
  const url = `http://127.0.0.1:${host.port}`;
  const local = '127.0.0.1,localhost';
  const env = {
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    NO_PROXY: local,
    http_proxy: url,
    https_proxy: url,
    no_proxy: local,
  };
  return { ...host, url, env, requests, refused, setHost };
}

function forward(request: IncomingMessage, response: ServerResponse, port: number, path: string): void {
  const headers = { ...request.headers };
  delete headers['proxy-connection'];
  const onward = http.request({
    host: '127.0.0.1',
    port,
    path,
    method: request.method,
    headers,
    agent: false,
  });
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', (error) => {
    if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
    response.end(`${error.message}\n`);
  });
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

function tunnel(client: Socket, port: number, rest: Buffer): void {
  const onward = connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    onward.write(rest);
    onward.pipe(client).pipe(onward);
  });
  onward.on('error', () => client.destroy());
  client.on('close', () => onward.destroy());
}
