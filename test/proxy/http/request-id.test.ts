import { describe, expect, it } from 'vitest';
import { requestIdOf, takeRequestId } from '../../../src/proxy/http/request-id.js';
import { exchange } from '../support/exchange.js';

const request = (given?: string) => exchange(given === undefined ? {} : { 'x-request-id': given }).request;

describe('requestIdOf', () => {
  it('names each request, and always the same way', () => {
    const [one, other] = [request(), request()];
    expect(requestIdOf(one)).toMatch(/^[0-9a-f]{6}-\d{6}$/);
    expect(requestIdOf(one)).toBe(requestIdOf(one));
    expect(requestIdOf(other)).not.toBe(requestIdOf(one));
  });
});

describe('takeRequestId', () => {
  const taken = (given: string, isTrusted = true): string => {
    const named = request(given);
    takeRequestId(named, () => isTrusted);
    return requestIdOf(named);
  };

  it.each([
    '4bf92f3577b34da6a3ce929d0e0e4736',
    'f058ebd6-02f7-4d3f-942e-904344e8cde5',
    'Root=1-67891233-abcdef',
  ])('takes %s from a trusted proxy', (given) => expect(taken(given)).toBe(given));

  it.each([
    ['a stranger', 'abc', false],
    ['no client', '', true],
    ['a proxy that writes nonsense', 'a"b\n', true],
    ['one that writes a lot', 'x'.repeat(65), true],
  ])('takes none from %s', (_, given, isTrusted) =>
    expect(taken(given, isTrusted)).toMatch(/^[0-9a-f]{6}-\d{6}$/),
  );
});
