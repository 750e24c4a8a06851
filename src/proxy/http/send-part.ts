/**
 * Sends a stored file in big pieces, the next one read while the last one is on its way.
 *
 * The pieces are read into buffers that are used again: pages that the kernel has to find and clear for each piece cost
 * more than the reading. The buffers are bounded over all downloads; those beyond get small ones of their own.
 */
import type { ServerResponse } from 'node:http';
import type { ByteRange, OpenPart } from '../../store/version-store.js';

/** Bytes read at once. Measured: from 512 KiB on the copying counts, not the number of reads. */
const PIECE = 512 * 1024;
/** While one is sent, the next one is read. */
const PIECES = 2;
/** Big buffers of the process: 32 MiB. */
const MAX_BUFFERS = 64;
/** For downloads for which no big buffer is left. */
const SMALL_PIECE = 64 * 1024;

const free: Buffer[] = [];
let made = 0;

function takeBuffer(): Buffer {
  const buffer = free.pop();
  if (buffer !== undefined) return buffer;
  if (made >= MAX_BUFFERS) return Buffer.allocUnsafeSlow(SMALL_PIECE);
  made += 1;
  return Buffer.allocUnsafeSlow(PIECE);
}

function giveBack(buffer: Buffer): void {
  if (buffer.length === PIECE) free.push(buffer);
}

/** A buffer that a connection in pieces may still hold is not used again. */
function giveUp(buffer: Buffer): void {
  if (buffer.length === PIECE) made -= 1;
}

/**
 * Sends the bytes `start` to `end` of `part` as the body of `response`, ends it, and closes the part. The connection is
 * destroyed if they cannot be read: the client sees that the body is not whole.
 */
export function sendPart(response: ServerResponse, part: OpenPart, { start, end }: ByteRange): void {
  const idle: Buffer[] = [];
  const sending = new Set<Buffer>();
  let position = start;
  let reading: Buffer | undefined;
  let isClosed = false;

  function readNext(): void {
    if (isClosed || reading !== undefined || position > end) return;
    const buffer = idle.pop() ?? (sending.size < PIECES ? takeBuffer() : undefined);
    if (buffer === undefined) return;
    reading = buffer;
    part.read(buffer, Math.min(buffer.length, end + 1 - position), position, (error, length) => {
      reading = undefined;
      if (isClosed) {
        giveBack(buffer);
        part.close();
      } else if (error !== null || length === 0) {
        idle.push(buffer);
        response.destroy();
      } else {
        position += length;
        sending.add(buffer);
        write(buffer, length);
        readNext();
      }
    });
  }

  function write(buffer: Buffer, length: number): void {
    const piece = length === buffer.length ? buffer : buffer.subarray(0, length);
    const isSent = (): void => {
      if (!sending.delete(buffer)) return;
      idle.push(buffer);
      readNext();
    };
    if (position > end) response.end(piece, isSent);
    else response.write(piece, (error) => error ?? isSent());
  }

  response.on('close', () => {
    isClosed = true;
    idle.forEach(giveBack);
    sending.forEach(response.writableFinished ? giveBack : giveUp);
    if (reading === undefined) part.close();
  });
  if (start > end) response.end();
  else readNext();
}
