import { describe, expect, it } from 'vitest';
import { sendPart } from '../../../src/proxy/http/send-part.js';
import type { OpenPart } from '../../../src/store/version-store.js';
import { exchange } from '../support/exchange.js';

const MIB = 1024 * 1024;

/** A stored file of which `failAt` and what follows cannot be read. */
function fileOf(content: Buffer, failAt = Infinity) {
  const state = { closed: 0, reads: 0 };
  const part: OpenPart = {
    size: content.length,
    read(target, length, position, done) {
      state.reads += 1;
      setImmediate(() => {
        if (position >= failAt) done(new Error('EIO'), 0);
        else done(null, content.copy(target, 0, position, position + length));
      });
    },
    close: () => (state.closed += 1),
  };
  return { part, state };
}

const content = Buffer.alloc(3 * MIB + 17, 'the content of a zip ');

async function send(part: OpenPart, start: number, end: number) {
  const { response, sent, leave } = exchange();
  response.writeHead(200, { 'content-length': String(Math.max(0, end - start + 1)) });
  const finished = new Promise((resolve) => response.once('finish', resolve));
  sendPart(response, part, { start, end });
  await finished;
  await leave();
  return Buffer.from(sent().body, 'latin1');
}

describe('sendPart', () => {
  it.each([
    ['all of a file', 0, content.length - 1],
    ['the last byte', content.length - 1, content.length - 1],
    ['one byte', 5, 5],
    ['what crosses two pieces', 512 * 1024 - 1, 512 * 1024 + 1],
    ['nothing', 7, 6],
  ])('sends %s, and closes the file', async (_, start, end) => {
    const { part, state } = fileOf(content);
    const body = await send(part, start, end);
    expect(body.equals(content.subarray(start, end + 1))).toBe(true);
    expect(state.closed).toBe(1);
  });

  it('sends several at the same time without mixing them up', async () => {
    const contents = Array.from({ length: 8 }, (_, n) => Buffer.alloc(MIB + n, String(n)));
    const bodies = await Promise.all(contents.map((each) => send(fileOf(each).part, 0, each.length - 1)));
    bodies.forEach((body, n) => expect(body.equals(contents[n] ?? Buffer.alloc(0))).toBe(true));
  });

  it.each([
    ['cannot be read', fileOf(content, MIB)],
    ['is shorter than it was', fileOf(content.subarray(0, MIB))],
  ])('breaks off where the file %s', async (_, { part, state }) => {
    const { response } = exchange();
    response.writeHead(200, { 'content-length': String(content.length) });
    const closed = new Promise((resolve) => response.once('close', resolve));
    sendPart(response, part, { start: 0, end: content.length - 1 });
    await closed;
    expect(response.writableFinished).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.closed).toBe(1);
  });

  it('reads no more once the client has left, and closes the file', async () => {
    const { part, state } = fileOf(content);
    const { response, leave } = exchange();
    response.writeHead(200);
    sendPart(response, part, { start: 0, end: content.length - 1 });
    await leave();
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(state.closed).toBe(1);
    expect(state.reads).toBeLessThan(3);
  });
});
