import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { DeliveryBodies, MAX_BYTES } from '../../src/webhook/delivery-bodies.js';

/** A request whose body is pushed by the test. */
function delivery(length?: number): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  if (length !== undefined) request.headers['content-length'] = String(length);
  return request;
}

function end(request: IncomingMessage): void {
  request.complete = true;
  request.push(null);
}

const asText = (body: Buffer | string) => Promise.resolve(String(body));

describe('DeliveryBodies', () => {
  it('hands on the body in one piece', async () => {
    const request = delivery();
    const read = new DeliveryBodies().read(request, asText);
    request.push('one ');
    request.push('two');
    end(request);
    expect(await read).toBe('one two');
  });

  it('reads nothing of a delivery that says it is too large', async () => {
    expect(await new DeliveryBodies().read(delivery(MAX_BYTES + 1), asText)).toBe('too large');
  });

  it('stops at one that is too large without having said so', async () => {
    const request = delivery();
    const read = new DeliveryBodies().read(request, asText);
    request.push(Buffer.alloc(MAX_BYTES));
    request.push('x');
    expect(await read).toBe('too large');
  });

  it('takes the largest one that is allowed', async () => {
    const request = delivery(MAX_BYTES);
    const read = new DeliveryBodies().read(request, (body) => Promise.resolve(body.length));
    request.push(Buffer.alloc(MAX_BYTES));
    end(request);
    expect(await read).toBe(MAX_BYTES);
  });

  it('counts all that are worked on, until they are done', async () => {
    const bodies = new DeliveryBodies({ maxTotal: 10 });
    let finish: () => void = () => undefined;
    const first = delivery();
    const working = new Promise<void>((begun) => {
      void bodies.read(first, () => {
        begun();
        return new Promise<void>((resolve) => (finish = resolve));
      });
    });
    first.push('12345678');
    end(first);
    await working;
    expect(await bodies.read(delivery(3), asText)).toBe('too many');
    const unannounced = delivery();
    const read = bodies.read(unannounced, asText);
    unannounced.push('123');
    expect(await read).toBe('too many');
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    const later = delivery(3);
    const last = bodies.read(later, asText);
    later.push('123');
    end(later);
    expect(await last).toBe('123');
  });

  it('counts nothing any more of one that could not be worked on', async () => {
    const bodies = new DeliveryBodies({ maxTotal: 3 });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const request = delivery();
      const read = bodies.read(request, () => Promise.reject(new Error('a bug')));
      request.push('123');
      end(request);
      await expect(read).rejects.toThrow('a bug');
    }
  });

  it('gives up one that comes in too slowly', async () => {
    const request = delivery();
    const read = new DeliveryBodies({ timeoutMs: 20 }).read(request, asText);
    request.push('a part');
    expect(await read).toBe('too slow');
  });

  it('fails where the client leaves in the middle', async () => {
    const request = delivery();
    const read = new DeliveryBodies().read(request, asText);
    request.push('a part');
    request.destroy();
    await expect(read).rejects.toThrow('the client left in the middle of a delivery');
  });
});
