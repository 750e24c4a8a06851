/** The HTTP server of the main process with parts that answer nothing, for tests that replace what they are about. */
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Faults } from '../../../src/log/faults.js';
import type { Modules } from '../../../src/modfetch/repo.js';
import type { RepoRoots } from '../../../src/modfetch/repo-root.js';
import { ClientQueue } from '../../../src/proxy/client-queue.js';
import { openGate } from '../../../src/proxy/gate.js';
import { ResponseCache } from '../../../src/proxy/response-cache.js';
import { createServer, type Server, type ServerOptions } from '../../../src/proxy/server.js';
import type { VersionStore } from '../../../src/store/version-store.js';
import { parseVanity } from '../../../src/vanity/vanity-file.js';

export interface LabServer extends Server {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Reply {
  statusCode: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Options of a server that knows no module; its log is dropped. */
export function labOptions(overrides: Partial<ServerOptions> = {}): ServerOptions {
  const log = overrides.log ?? pino({ level: 'silent' });
  return {
    gate: openGate,
    readable: (_request, modules) => Promise.resolve({ paths: new Set(modules), isComplete: true }),
    clients: new ClientQueue({ limit: () => 500, trusts: () => false }),
    observer: { replied: () => undefined },
    log,
    faults: new Faults({ log }),
    modules: {} as Modules,
    roots: {} as RepoRoots,
    store: {} as VersionStore,
    vanity: () => parseVanity('', '/vanity.yaml', { defaultHost: 'ex.com' }),
    publicUrl: () => 'http://proxy.example',
    cache: new ResponseCache({ maxBytes: () => 0, refreshMs: () => 0 }),
    trusts: () => false,
    status: () => ({}),
    developerEnv: () => '',
    databases: { get: () => Promise.reject(new Error('not asked')) },
    ...overrides,
  };
}

/** Such a server, listening on a free port of loopback or at a unix socket. */
export async function labServer(
  overrides: Partial<ServerOptions> = {},
  listen: { path: string } | { host: string; port: number } = { host: '127.0.0.1', port: 0 },
): Promise<LabServer> {
  const server = createServer(labOptions(overrides));
  await server.app.listen(listen);
  const { port } = server.app.server.address() as AddressInfo;
  return Object.assign(server, {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.app.server.closeAllConnections();
      await server.close();
    },
  });
}

/** Sends one request with a body on a connection of its own. */
export async function deliver(
  url: string,
  { method, headers, body }: { method: string; headers: Record<string, string>; body: string },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    request.on('error', reject);
    if (method === 'POST' || method === 'PUT') request.write(body);
    request.end();
  });
}
