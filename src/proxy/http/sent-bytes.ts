/** The size of the body of a response, noted by the code that sends it: node does not keep it where headers are sent at once. */
import type { IncomingMessage, ServerResponse } from 'node:http';

interface Sized {
  sentBytes?: number;
}

/** Notes the size of the body that goes out, in bytes. */
export function noteSentBytes(response: ServerResponse, bytes: number): void {
  (response.req as Sized).sentBytes = bytes;
}

/** The size of the body of the response to `request`; undefined where it was not known beforehand. */
export function sentBytes(request: IncomingMessage): number | undefined {
  return request.method === 'HEAD' ? 0 : (request as Sized).sentBytes;
}
