import { expect, it } from 'vitest';
import { wrongFile } from '../../src/transfer/wrong-file.js';

it('wrongFile names the place as editors open it', () => {
  expect(wrongFile({ file: '/a b/go.sum', line: 12, column: 3 }, 'is wrong')).toMatchObject({
    code: 'CONFIG',
    message: '/a b/go.sum:12:3: is wrong',
    reason: undefined,
    remedy: undefined,
  });
});
