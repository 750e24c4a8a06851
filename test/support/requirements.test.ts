import { afterEach, describe, expect, it, vi } from 'vitest';
import { missing, programPath, type Program } from './requirements.js';

afterEach(() => vi.unstubAllEnvs());

describe('missing', () => {
  it('finds what is there', () => {
    expect(missing()).toBe(false);
    expect(programPath('sh')).toMatch(/^\/.*\/sh$/);
    expect(programPath('no-such-program')).toBeUndefined();
  });

  it('is a failure where everything must be there', () => {
    vi.stubEnv('MODHAVEN_TEST_ALL', '1');
    expect(() => missing('no-such-program' as Program)).toThrow('no-such-program is not installed');
  });
});
