import { expect, it } from 'vitest';
import { blankRow } from '../../../src/cli/probe/check-row.js';

it('is not in order until something was tried', () => {
  const row = blankRow({
    key: '/go/{name}',
    line: 3,
    prefix: 'my.corp/go/{name}',
    sources: ['https://g/{name}'],
  });
  expect(row).toMatchObject({
    rule: '/go/{name}',
    line: 3,
    module: 'my.corp/go/{name}',
    repository: 'https://g/{name}',
    ok: false,
    reached: false,
    skipped: false,
    hostAnswers: false,
    problem: undefined,
  });
  expect(blankRow({ key: '', line: 0, prefix: 'x', sources: [] }).repository).toBe('');
});
