import { expect, it } from 'vitest';
import { tableLines } from '../../../src/cli/output/table.js';

it.each([
  [[], []],
  [[['a', 'b']], ['a  b']],
  [
    [
      ['short', 'x', 'end'],
      ['a longer one', '', 'e'],
    ],
    ['short         x  end', 'a longer one     e'],
  ],
  [
    [['a', ''], ['bb']],
    ['a', 'bb'],
  ],
])('%j in columns', (rows, lines) => {
  expect(tableLines(rows)).toEqual(lines);
});
