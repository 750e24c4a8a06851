/**
 * The simplest host that can answer `?go-get=1`: the oracle's side of tests that compare our vanity pages and modules
 * with what `go` makes of plain ones. It shares no code with the server.
 */
import http from 'node:http';
import { listenOnLoopback, type LoopbackHost } from '../loopback.js';

export interface VanityPageHost extends LoopbackHost {
  readonly url: string;
  /** Host and path of every `?go-get=1` request. */
  readonly requests: string[];
  /** Replaces the go-import lines. */
  setImports(imports: readonly string[]): void;
}

/**
 * `imports`: contents of go-import tags, `ROOT VCS URL [SUBDIR]`. A page carries those whose ROOT is the longest that
 * the requested path lies in (two roots on one page are an error to go), and is a 404 where there is none.
 */
export async function vanityPageHost(imports: readonly string[]): Promise<VanityPageHost> {
  let lines = imports;
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    const asked = url.hostname + url.pathname.replace(/\/$/, '');
    if (url.searchParams.get('go-get') === '1') requests.push(asked);
    const holding = lines.filter((line) => `${asked}/`.startsWith(`${rootOf(line)}/`));
    const longest = Math.max(...holding.map((line) => rootOf(line).length));
    const found = holding.filter((line) => rootOf(line).length === longest);
    const tags = found.map((line) => `<meta name="go-import" content="${line}">`).join('\n');
    response.writeHead(found.length > 0 ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!DOCTYPE html>\n<html><head>\n${tags}\n</head><body></body></html>\n`);
  });
  const host = await listenOnLoopback(server);
  return {
    ...host,
    url: `http://127.0.0.1:${host.port}`,
    requests,
    setImports: (next) => {
      lines = next;
    },
  };
}

function rootOf(line: string): string {
  return line.split(' ')[0] ?? '';
}
