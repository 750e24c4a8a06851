/** The gate contract for one process, and for a worker with a main process behind it. */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  admissionOf,
  admit,
  cacheControlFor,
  cacheKey,
  encodeAdmission,
  openGate,
  workerGate,
} from '../../src/proxy/gate.js';
import { gateContract, MODULE, VERSION } from '../contract/gate.js';
import { oneProcess, parts, workerAndMain } from './support/gated.js';
import { labServer, type LabServer } from './support/lab.js';

gateContract('one process', async (gate) => oneProcess({ gate }));
gateContract('a worker', async (gate) => workerAndMain({ gate }));

describe('behind workers', () => {
  it('a request without an admission, or with one that no worker wrote, is not answered', async () => {
    await using main: LabServer = await labServer({
      ...(await parts()),
      gate: workerGate(openGate),
      isBehindWorkers: true,
    });
    for (const headers of [{}, { 'x-modhaven-admission': '' }, { 'x-modhaven-admission': '{"name":1}' }]) {
      for (const url of ['/-/healthz', `/${MODULE}/@v/${VERSION}.info`]) {
        expect((await fetch(main.url + url, { headers })).status).toBe(500);
      }
    }
  });

  it('the admission of the worker is that of the main process', () => {
    const request = { headers: {} as Record<string, string> };
    for (const admission of [
      { principal: { name: 'alice (ü)' }, audience: 'user:alice\n(ü)' },
      { principal: { name: 'bob' }, audience: undefined },
      openGate({} as never) as { principal: { name: string }; audience: undefined },
    ]) {
      request.headers['x-modhaven-admission'] = encodeAdmission(admission);
      expect(workerGate(openGate)(request as never)).toEqual(admission);
    }
  });
});

describe('an admission', () => {
  it('is only there where a gate was asked', () => {
    const request = new IncomingMessage(new Socket());
    expect(() => admissionOf(request)).toThrow('a request got past the gate');
    const admission = { principal: { name: 'alice' }, audience: undefined };
    expect(admissionOf(admit(request, admission))).toBe(admission);
  });

  it('names what may be shared', () => {
    const of = (audience?: string) => ({ principal: { name: 'x' }, audience });
    expect(cacheKey('/a', of())).toBe('/a');
    expect(new Set([of(), of('a'), of('b')].map((one) => cacheKey('/a', one))).size).toBe(3);
    expect(cacheControlFor('public, max-age=5', of('a'))).toBe('private, max-age=5');
    expect(cacheControlFor('no-store', of('a'))).toBe('no-store');
    expect(cacheControlFor('public, max-age=5', of())).toBe('public, max-age=5');
  });
});
