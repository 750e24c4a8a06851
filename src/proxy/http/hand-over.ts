/**
 * How a server ends that does not own its address: the listening socket belongs to the program that started this one
 * (systemd), and the next process accepts from it. So no client is refused: no connection is accepted any more, and each
 * open one ends after its next response, which says so.
 */
import { Server as NetServer, type Server } from 'node:net';
import type { Server as HttpServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long an idle connection may still send a request, in milliseconds: a client that has just done so must not be cut off. */
const IDLE_MS = 1_000;
/** Between two looks at how many connections there are. */
const POLL_MS = 20;

/** Resolves when the connections of `server` have ended; `idle` when no request is running. */
export async function handOver(server: HttpServer, idle: () => Promise<void>): Promise<void> {
  // Not that of HTTP servers, which also ends idle connections.
  NetServer.prototype.close.call(server);
  const deadline = performance.now() + IDLE_MS;
  while ((await connectionsOf(server)) > 0 && performance.now() < deadline) await sleep(POLL_MS);
  await idle();
  server.closeAllConnections();
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.getConnections((error, count) => resolve(error === null ? count : 0)),
  );
}
