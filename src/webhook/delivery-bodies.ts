/**
 * Reads the bodies of deliveries within limits: for each of them, for all of them together, and in time. The sender of one
 * has proved nothing yet.
 */
import type { IncomingMessage } from 'node:http';

/** The largest delivery that is read, in bytes. Hosts cut their lists of commits long before. */
export const MAX_BYTES = 5 * 2 ** 20;
/** Bytes of all deliveries that are being read or worked on at one time. */
const MAX_TOTAL = 4 * MAX_BYTES;
/** How long a delivery may take to come in, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Why a delivery was not read. */
export type NotRead = 'too large' | 'too many' | 'too slow';

export class DeliveryBodies {
  private held = 0;
  private readonly maxTotal: number;
  private readonly timeoutMs: number;

  constructor({ maxTotal = MAX_TOTAL, timeoutMs = TIMEOUT_MS } = {}) {
    this.maxTotal = maxTotal;
    this.timeoutMs = timeoutMs;
  }

  /** Reads the body of `request`, hands it to `use`, and counts it until that is done. Rejects when the client leaves. */
  async read<T>(request: IncomingMessage, use: (body: Buffer | NotRead) => Promise<T>): Promise<T> {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > MAX_BYTES) return use('too large');
    if (this.held + announced > this.maxTotal) return use('too many');
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      const problem = await this.collect(request, (chunk) => {
        size += chunk.length;
        this.held += chunk.length;
        if (size > MAX_BYTES) return 'too large';
        if (this.held > this.maxTotal) return 'too many';
        chunks.push(chunk);
        return undefined;
      });
      return await use(problem ?? Buffer.concat(chunks));
    } finally {
      this.held -= size;
    }
  }

  private async collect(
    request: IncomingMessage,
    take: (chunk: Buffer) => NotRead | undefined,
  ): Promise<NotRead | undefined> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish('too slow'), this.timeoutMs);
      const finish = (problem?: NotRead): void => {
        clearTimeout(timer);
        request.removeListener('data', onData);
        resolve(problem);
      };
      const onData = (chunk: Buffer): void => {
        const problem = take(chunk);
        if (problem !== undefined) finish(problem);
      };
      request.on('data', onData);
      request.once('end', () => finish());
      request.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      request.once('close', () => {
        clearTimeout(timer);
        if (!request.complete) reject(new Error('the client left in the middle of a delivery'));
      });
    });
  }
}
