import { expect, it } from 'vitest';
import { endsWell } from '../../../src/vcs/transport/run-program.js';

const HOW = { env: { PATH: process.env.PATH ?? '' }, timeoutMs: 5_000 };

it.each([
  ['ends well', 'sh', ['-c', 'exit 0'], true],
  ['fails', 'sh', ['-c', 'exit 3'], false],
  ['is not there', '/no/such/program', [], false],
])('says whether a program that %s is one that does', async (_, program, args, expected) => {
  expect(await endsWell(program, args, HOW)).toBe(expected);
});

it('does not wait for one that hangs', async () => {
  expect(await endsWell('sleep', ['60'], { ...HOW, timeoutMs: 50 })).toBe(false);
});
