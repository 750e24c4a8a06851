/**
 * Signs of life from the main process to a worker that waits for its reply: without them a worker could not tell a fetch
 * that takes minutes from a process that hangs.
 */
import type { ServerResponse } from 'node:http';

/** Between two signs, in milliseconds. */
const HEARTBEAT_MS = 2_000;

/** Sends `102 Processing` now and then until the headers of the reply are sent. */
export function showSignsOfLife(response: ServerResponse): void {
  const timer = setInterval(() => {
    if (response.headersSent) clearInterval(timer);
    else response.writeProcessing();
  }, HEARTBEAT_MS);
  response.once('close', () => clearInterval(timer));
}
