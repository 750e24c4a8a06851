/** JSON documents over http, bounded in bytes and time. */
import { contentOf, discard } from './body.js';
import type { HttpClient } from './client.js';

/** Bytes of a document. */
const MAX_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;

/** Reads a document of a host that the configuration names. Throws for anything but 200 and JSON. */
export function jsonThrough(http: Pick<HttpClient, 'get'>): (url: string) => Promise<unknown> {
  return async (text) => {
    const url = new URL(text);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await http.get(url, {
      signal,
      idleTimeoutMs: TIMEOUT_MS,
      login: undefined,
      isNamed: true,
    });
    if (response.status !== 200) {
      await discard(response);
      throw new Error(`${url.host} answered ${response.status}`);
    }
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of contentOf(response)) {
      size += piece.length;
      if (size > MAX_BYTES) throw new Error(`${url.host} answered with more than ${MAX_BYTES} bytes`);
      pieces.push(piece);
    }
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    return value;
  };
}
