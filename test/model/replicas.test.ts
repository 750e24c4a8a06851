/**
 * Three replicas over one bucket, one Redis and one checksum log, with faults, pauses and kills in every gap, against
 * what has to hold whatever happens. `npm run fuzz -- --minutes N replicas` goes on for longer; to see a finding again:
 * `MODHAVEN_MODEL_SEED=… npx vitest run test/model`.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { property } from './run.js';

const RUNS = Number(process.env.MODHAVEN_MODEL_RUNS ?? 20);

it('whatever happens, no version has two contents and there is one log', { timeout: 600_000 }, async () => {
  const seed = Number(process.env.MODHAVEN_MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`model of replicas: ${RUNS} runs, seed ${seed}\n`);
  const { failed, numRuns, counterexample, errorInstance } = await fc.check(property(), {
    numRuns: RUNS,
    seed,
  });
  expect(
    failed ? `after ${numRuns} runs: ${JSON.stringify(counterexample)}\n${String(errorInstance)}` : '',
  ).toBe('');
});
