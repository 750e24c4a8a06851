/** A name that leads to a public address when it is looked at, and to this machine when it is connected to. */
import type * as dnsModule from 'node:dns';
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import http from 'node:http';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { dispatcherFor } from '../../src/http/dispatchers.js';
import { lookUpPublic } from '../../src/http/public-address.js';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';

const PUBLIC = '93.184.215.14';
/** What the next look-ups of `changes.test` find. */
const answers: string[] = [];

vi.mock('node:dns', async (original) => {
  const dns = await original<typeof dnsModule>();
  type Done = (error: Error | null, found: LookupAddress[]) => void;
  const lookup = (name: string, options: LookupAllOptions, done: Done) =>
    name === 'changes.test'
      ? done(null, [{ address: answers.shift() ?? '', family: 4 }])
      : dns.lookup(name, options, done);
  return { ...dns, lookup };
});

let host: LoopbackHost;
let arrived = 0;
beforeAll(async () => {
  host = await listenOnLoopback(
    http.createServer((_request, response) => {
      arrived += 1;
      response.end('secret of the metadata service');
    }),
  );
});
afterAll(() => host.stop());

const get = () =>
  request(`http://changes.test:${host.port}/`, {
    dispatcher: dispatcherFor({
      trust: undefined,
      connectTimeoutMs: 1_000,
      publicOnly: true,
      proxy: undefined,
    }),
  }).catch((error: unknown) => error);

it('is not connected to, because the address that is checked is that of the connection', async () => {
  answers.push(PUBLIC, '127.0.0.1', PUBLIC);
  const checked = await new Promise((resolve) =>
    lookUpPublic('changes.test', {}, (error, address) => resolve(error ?? address)),
  );
  expect(checked).toBe(PUBLIC);
  expect(await get()).toMatchObject({ code: 'EPRIVATE' });
  expect(answers).toEqual([PUBLIC]); // one look-up for the connection, and no other
  expect(arrived).toBe(0);
});
