import { expect, it, vi } from 'vitest';
import { checkWitness, sayHowJoined } from '../../../src/sumdb/log/join.js';

const witness = { file: '/etc/modhaven/witness' };

it.each<[string, number, number | undefined, boolean, string | undefined]>([
  ['a log that grew', 10, 5, false, undefined],
  ['a log that is as it was', 5, 5, false, undefined],
  ['a log that is older than its witness', 4, 5, false, 'was rolled back'],
  ['the same, with trust in the log', 4, 5, true, 'was rolled back'],
  ['records without a witness', 4, undefined, false, 'is missing'],
  ['the same, on trust', 4, undefined, true, undefined],
  ['a new log', 0, undefined, false, undefined],
])('judges %s', (_, size, known, trustsLog, problem) => {
  const check = () =>
    checkWitness('/data/log', size, known === undefined ? undefined : { size: known }, witness, trustsLog);
  if (problem === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(problem);
});

it('says loudly that a replica joins on trust, and how many records prove the others', () => {
  const log = { info: vi.fn(), warn: vi.fn() };
  const joined = { records: 7, place: 'the bucket', witness: witness.file };
  sayHowJoined({ ...joined, known: undefined }, log);
  expect(log.warn).toHaveBeenCalledWith(
    { place: 'the bucket', records: 7, witness: witness.file },
    expect.stringContaining('on trust'),
  );
  sayHowJoined({ ...joined, known: { size: 3 } }, log);
  expect(log.info).toHaveBeenCalledWith(
    { place: 'the bucket', records: 7, known: 3 },
    expect.stringContaining('grown from what this replica knew'),
  );
  sayHowJoined({ ...joined, records: 0, known: undefined }, log);
  expect(log.warn).toHaveBeenCalledTimes(1);
});
