import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  annotateForWorker,
  decodeFreshness,
  decodeOutcome,
  encodeOutcome,
  FRESHNESS_HEADER,
  OUTCOME_HEADER,
  readFields,
  writeFields,
} from '../../src/proxy/internal-headers.js';
import { prepareText } from '../../src/proxy/http/responses.js';
import { exchange } from './support/exchange.js';

describe('writeFields', () => {
  it('is read as it was written, and is a value that a header may have', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('name', 'audience', 'x'), fc.string()), (fields) => {
        const header = writeFields(fields);
        expect(header).toMatch(/^[\x21-\x7e]*$/);
        expect(readFields(header)).toEqual({ ...fields });
      }),
      { numRuns: 100 },
    );
  });

  it('leaves out what is undefined', () => {
    expect(readFields(writeFields({ name: 'a', audience: undefined }))).toEqual({ name: 'a' });
  });

  it.each(['', '%', 'undefined', 'null', '1', '"text"', '%7B'])('of %j no fields are read', (header) => {
    expect(readFields(header)).toEqual({});
  });

  it('reads only fields that are text', () => {
    expect(readFields(encodeURIComponent('{"a":1,"b":"x","c":null,"d":{}}'))).toEqual({ b: 'x' });
  });
});

describe('an outcome', () => {
  it.each([{}, { module: 'corp.test/lib' }, { module: 'a', version: 'v1.0.0', cache: 'hit' as const }])(
    'is read as it was written: %j',
    (outcome) => {
      expect(decodeOutcome(encodeOutcome(outcome))).toEqual(outcome);
    },
  );

  it('knows no other words for the cache', () => {
    expect(decodeOutcome(writeFields({ module: 'a', cache: 'miss' }))).toEqual({ module: 'a' });
    expect(decodeOutcome('undefined')).toEqual({});
  });
});

it.each([
  ['1709294400000', 1_709_294_400_000],
  ['0', 0],
  ['', undefined],
  ['x', undefined],
  ['Infinity', undefined],
])('reads the freshness %j as %s', (header, asOf) => {
  expect(decodeFreshness(header)).toBe(asOf);
});

it('tells a worker what may change since when, and of the rest only the outcome', () => {
  const outcome = { module: 'corp.test/lib', cache: 'hit' as const };
  const cached = { response: prepareText(Buffer.from('x'), 'text/plain', 'no-store'), outcome };
  const [lasting, changing] = [exchange(), exchange()];
  annotateForWorker(lasting.response, cached, 'store');
  annotateForWorker(changing.response, { ...cached, asOf: 7 }, 'memory');
  expect(decodeOutcome(String(lasting.response.getHeader(OUTCOME_HEADER)))).toEqual({
    ...outcome,
    source: 'store',
  });
  expect(lasting.response.getHeader(FRESHNESS_HEADER)).toBeUndefined();
  expect(changing.response.getHeader(FRESHNESS_HEADER)).toBe('7');
});
