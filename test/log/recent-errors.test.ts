import { describe, expect, it } from 'vitest';
import { noteLogged, recentErrors } from '../../src/log/recent-errors.js';

describe('recentErrors', () => {
  it('keeps errors, newest first, with short fields and without stacks', () => {
    noteLogged(40, ['a warning']);
    noteLogged(50, ['plain']);
    noteLogged(60, [{ code: 'X', status: 502, err: new Error('inner'), deep: { a: 1 } }, 'it failed']);
    expect(recentErrors()).toMatchObject([
      { message: 'it failed', fields: { code: 'X', status: '502', err: 'inner' } },
      { message: 'plain', fields: {} },
    ]);
    expect(recentErrors()[0]?.fields).not.toHaveProperty('deep');
  });

  it('keeps the last twenty', () => {
    for (let index = 0; index < 30; index += 1) noteLogged(50, [`error ${index}`]);
    expect(recentErrors()).toHaveLength(20);
    expect(recentErrors()[0]?.message).toBe('error 29');
  });
});
