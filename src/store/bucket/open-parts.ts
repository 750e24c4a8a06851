/** Parts that are open for reads at any position, and one read as a whole. */
import { read } from 'node:fs';
import type { CachedFile } from '../../fs/file-cache.js';
import { storageError } from '../storage-error.js';
import type { OpenPart } from '../version-store.js';

/** By descriptor and with callbacks: a download of gigabytes reads thousands of times. */
export function openCopy({ size, handle }: CachedFile): OpenPart {
  return {
    size,
    read(target, length, position, done) {
      read(handle.fd, target, 0, Math.min(length, Math.max(0, size - position)), position, done);
    },
    // A failed close of a file that was only read loses nothing.
    close: () => void handle.close().catch(() => undefined),
  };
}

/** Bytes that are in memory. */
export function openBytes(bytes: Buffer): OpenPart {
  return {
    size: bytes.length,
    read: (target, length, position, done) => done(null, bytes.copy(target, 0, position, position + length)),
    close: () => undefined,
  };
}

/** All of a part, which is closed. */
export async function readWhole(part: OpenPart): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(part.size);
  try {
    for (let at = 0; at < part.size;) {
      const from = at;
      const count = await new Promise<number>((resolve, reject) => {
        const target = bytes.subarray(from);
        part.read(target, target.length, from, (error, length) =>
          error === null ? resolve(length) : reject(error),
        );
      });
      if (count === 0) throw storageError(new Error('it is shorter than it was'));
      at += count;
    }
    return bytes;
  } finally {
    part.close();
  }
}
