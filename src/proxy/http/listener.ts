/** The server below the routes, over http or https: its limits, and what it says to a client that does not speak HTTP. */
import http, { type RequestListener, type Server } from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';
import { DEFAULT_MIN_VERSION, type SecureContextOptions } from 'node:tls';

/** PEM texts (`config/tls-pair.ts`). */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What one connection may take, and how many there may be; times in milliseconds. */
export interface ConnectionLimits {
  /** From the connection, or the end of the request before, until the headers of a request are there. */
  headerTimeoutMs: number;
  /** Until the whole request is there. */
  requestTimeoutMs: number;
  /** How long an idle connection is kept. */
  idleTimeoutMs: number;
  /** Connections of one process; further ones are closed at once. */
  maxConnections: number;
}

/** For a server that no client reaches: its only peers are our own workers. */
const PRIVATE_LIMITS: ConnectionLimits = {
  headerTimeoutMs: 60_000,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 72_000,
  maxConnections: Infinity,
};

/** How often connections are looked at for those that took too long. */
const POLL_MS = 5_000;

export interface HttpServerOptions {
  /** Default: those of a server that only workers of ours reach. */
  limits?: ConnectionLimits | undefined;
  /** Makes it https. */
  tls?: ServerCertificate | undefined;
}

/** A server that answers with `listener`; see `refuseBrokenRequest` for what never gets there. */
export function createHttpServer(
  listener: RequestListener,
  { limits = PRIVATE_LIMITS, tls }: HttpServerOptions = {},
): Server {
  const looks = { connectionsCheckingInterval: POLL_MS };
  const server =
    tls === undefined
      ? http.createServer(looks, listener)
      : https.createServer(
          { ...looks, ...secureContext(tls), handshakeTimeout: limits.headerTimeoutMs },
          listener,
        );
  applyLimits(server, limits);
  return server;
}

/** Limits for what comes from now on. */
export function applyLimits(server: Server, limits: ConnectionLimits): void {
  server.headersTimeout = limits.headerTimeoutMs;
  server.requestTimeout = limits.requestTimeoutMs;
  server.keepAliveTimeout = limits.idleTimeoutMs;
  server.maxConnections = limits.maxConnections;
}

/** A new certificate for the connections that come from now on; nothing for a server without TLS. */
export function applyTls(server: Server, tls: ServerCertificate): void {
  if (server instanceof https.Server) server.setSecureContext(secureContext(tls));
}

/** Suites and protocols are those of Node (`--tls-cipher-list`, `--tls-min-v1.3`), but never below TLS 1.2. */
function secureContext({ cert, key }: ServerCertificate): SecureContextOptions {
  return { cert, key, minVersion: DEFAULT_MIN_VERSION === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2' };
}

/** What is not HTTP never becomes a request; like every refusal it is said in text. */
export function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const [status, body] = BROKEN[error.code ?? ''] ?? [
    '400 Bad Request',
    'malformed request: this is not HTTP',
  ];
  const hearing = error.code === SPOKE_HTTP ? connectionBelow(socket) : socket;
  if (hearing?.writable === true) {
    hearing.write(
      `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
        `Content-Length: ${body.length + 1}\r\n\r\n${body}\n`,
    );
  }
  socket.destroy(error);
}

/** What OpenSSL says of a client that speaks plain http to an https port. */
const SPOKE_HTTP = 'ERR_SSL_HTTP_REQUEST';

/** The TCP connection of a TLS socket, which is still there when TLS has failed. Node has no public name for it. */
function connectionBelow(socket: Socket): Socket | undefined {
  const below: unknown = Reflect.get(socket, '_parent');
  return below instanceof Socket ? below : undefined;
}

const BROKEN: Readonly<Record<string, [status: string, body: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long to arrive'],
  [SPOKE_HTTP]: [
    '400 Bad Request',
    'this port speaks https, not http: write https:// in the address of the Go proxy',
  ],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers of the request are too large'],
};
