/** A request and its response without a server: what is sent is kept as text. */
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Stands for the connection. */
class Wire extends Duplex {
  readonly pieces: Buffer[] = [];
  remoteAddress = '127.0.0.1';

  override _read(): void {
    // The client says nothing more.
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.pieces.push(Buffer.from(piece)); // a copy: the sender uses its buffers again
    done();
  }

  setTimeout(): this {
    return this;
  }
}

export interface Sent {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** What was sent so far. */
  sent: () => Sent;
  /** Ends the connection, as a client does that leaves. */
  leave: () => Promise<void>;
}

export function exchange(headers: Record<string, string> = {}, method = 'GET', url = '/'): Exchange {
  const wire = new Wire();
  const request = new IncomingMessage(wire as unknown as Socket);
  Object.assign(request, { method, url, headers });
  const response = new ServerResponse(request);
  response.assignSocket(wire as unknown as Socket);
  return {
    request,
    response,
    sent() {
      const text = Buffer.concat(wire.pieces).toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const [first = '', ...lines] = text.slice(0, end).split('\r\n');
      const pairs = lines.map((line) => line.split(': ', 2) as [string, string]);
      return {
        status: Number(first.split(' ')[1]),
        headers: Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value])),
        body: text.slice(end + 4),
      };
    },
    leave() {
      wire.destroy();
      return new Promise((resolve) => response.once('close', resolve));
    },
  };
}
