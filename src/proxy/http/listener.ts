/** The HTTP server below the routes: its deadlines, and what it says to who speaks no HTTP. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

/** A connection that says nothing for so long is closed. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How long an idle connection is kept. Longer than the minute after which proxies in front usually close theirs. */
const KEEP_ALIVE_MS = 72_000;

/** A server that answers with `listener`; see `refuseBrokenRequest` for what never gets there. */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(listener);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return server;
}

/** What is no HTTP never becomes a request; like every refusal it is said in text. */
export function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const [status, body] = BROKEN[error.code ?? ''] ?? [
    '400 Bad Request',
    'malformed request: this is not HTTP',
  ];
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `Content-Length: ${body.length + 1}\r\n\r\n${body}\n`,
    );
  }
  socket.destroy(error);
}

const BROKEN: Readonly<Record<string, [status: string, body: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long to arrive'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers of the request are too large'],
};
