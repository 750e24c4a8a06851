/** Each target of the fuzzer, as often as a run of the suite has time for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSmallPack } from '../../src/vcs/objects/small-pack.js';
import { mutated } from './mutations.js';
import { DELTA, packWith } from './samples.js';
import { fuzzTargets } from './targets.js';

const RUNS = 300;

const targets = await fuzzTargets();

describe('whatever comes from outside is read or refused', () => {
  it.each(targets)('$name', async ({ property }) => {
    await fc.assert(property as fc.IAsyncProperty<unknown>, { numRuns: RUNS });
  });
});

it('inputs are the sample itself, and all kinds of edits of it', () => {
  const inputs = fc.sample(mutated('the sample'), 5_000).map((bytes) => bytes.toString('latin1'));
  expect(inputs).toContain('the sample');
  expect(inputs.some((text) => text.length > 10)).toBe(true);
  expect(inputs.some((text) => text !== '' && 'the sample'.startsWith(text) && text.length < 10)).toBe(true);
  expect(new Set(inputs).size).toBeGreaterThan(200);
});

it('the delta is a good one before it is edited', () => {
  const objects = readSmallPack(packWith(DELTA), 'sha1', { objects: 10, bytes: 1000 });
  const [base, made] = objects.map(({ content }) => content);
  expect(made).toEqual(
    Buffer.concat(
      [base?.subarray(0, 20), Buffer.from('abc'), base?.subarray(-200)].map((part) => part ?? Buffer.of()),
    ),
  );
});
